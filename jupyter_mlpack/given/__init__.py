"""What a build is given beside its notebook: options, project descriptor, builder and order files -> ``Settled``."""
