"""Malformed inputs, made by mutation of whole ones: for the service's endpoints and for every parser."""
