"""What is installed in OpenSearch, and how one talks to it: everything that knows its wire form."""
