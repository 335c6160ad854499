# The network of the complete model.
