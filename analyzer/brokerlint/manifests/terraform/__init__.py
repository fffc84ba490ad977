"""Terraform: its language, expressions worked out, modules as they are deployed, resources in AWS's own words."""
