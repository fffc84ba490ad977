"""One module per deployment file format. See ``brokerlint.manifests`` for the three names a format module has."""
