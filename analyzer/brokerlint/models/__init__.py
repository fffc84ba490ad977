"""Client libraries as data: how each one produces, consumes, commits and configures.

The YAML files beside this module say it; ``model`` gives their shape, ``load`` reads and checks them.
"""
