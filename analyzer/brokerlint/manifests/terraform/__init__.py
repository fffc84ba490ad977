"""Terraform: its language, its expressions worked out, its modules as they are deployed, its resources as AWS has them."""
