"""SNS and EventBridge."""
