"""What a search box offers while somebody types: popular queries, the catalogue's own phrases, one's own history."""
