"""The built-in checks: one module per check, in a folder per family. The engine finds them by walking this package.

| folder | family |
|---|---|
| ``arc`` | architecture: a log where a queue would do, a queue where a log is needed, too much in between |
| ``sqs``, ``cel`` | queues: code, definitions, Lambda mappings, Celery |
| ``kfk`` | Kafka producers, consumers, topics and connectors |
| ``kin``, ``evt`` | Kinesis, SNS and EventBridge |
| ``sec`` | security of channels and clients |
| ``ops`` | operations that are underestimated |
| ``cost`` | what it costs |
"""
