"""Models of every packet, one module per format."""
