"""SQS: code, queue definitions, Lambda mappings."""
