"""A stand-in for the ``random`` provider plugin: real randomness, with the inputs and outputs of pulumi-random 4.21."""
