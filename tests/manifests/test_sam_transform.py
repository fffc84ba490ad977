"""SAM templates read as they are written, and as AWS's own transform turns them into CloudFormation: the same facts.

Needs ``aws-sam-translator`` (``pip install -e '.[oracle]'``); without it these tests are skipped.
"""

# ruff: noqa: E501 -- templates read best with one resource a line
from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("samtranslator", reason="needs aws-sam-translator: pip install -e '.[oracle]'")
pytestmark = pytest.mark.filterwarnings("default")

sys.path.insert(0, str(Path(__file__).parent))
from sam_transform import Comparison, RefusedError, compared  # noqa: E402

BESIDE = """
Orders: {Type: AWS::SQS::Queue}
Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: failed}}
News: {Type: AWS::SNS::Topic}
Ordered: {Type: AWS::SNS::Topic, Properties: {TopicName: news.fifo, FifoTopic: true}}
Clicks: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 2}}
Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
Cluster: {Type: AWS::MSK::Cluster, Properties: {ClusterName: main}}
Broker: {Type: AWS::AmazonMQ::Broker, Properties: {BrokerName: rabbit}}
Documents: {Type: AWS::DocDB::DBCluster}
Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref Stage}}
Bucket: {Type: AWS::S3::Bucket}
Lines: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /app}}
Users: {Type: AWS::Cognito::UserPool}
"""
"""Resources that events lead to."""

TO_FUNCTIONS = {
    "queue": "{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 3, Enabled: false, FunctionResponseTypes: [ReportBatchItemFailures], MaximumBatchingWindowInSeconds: 5, ScalingConfig: {MaximumConcurrency: 4}, FilterCriteria: {Filters: [{Pattern: '{\"body\": {\"a\": [1]}}'}]}}}",
    "queue by its ARN": "{Type: SQS, Properties: {Queue: !Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:orders-${Stage}'}}",
    "stream": "{Type: Kinesis, Properties: {Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST, BisectBatchOnFunctionError: true, ParallelizationFactor: 2, MaximumRetryAttempts: 3, MaximumRecordAgeInSeconds: 60, DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}}}",
    "changes of a table": "{Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 7}}",
    "topics of MSK": "{Type: MSK, Properties: {Stream: !Ref Cluster, Topics: [orders], ConsumerGroupId: worker, StartingPosition: LATEST, DestinationConfig: {OnFailure: {Type: SNS, Destination: !Ref News}}}}",
    "topics of a Kafka elsewhere": "{Type: SelfManagedKafka, Properties: {KafkaBootstrapServers: ['kafka:9092'], Topics: [orders], ConsumerGroupId: worker, SourceAccessConfigurations: [{Type: VPC_SUBNET, URI: subnet-1}, {Type: VPC_SECURITY_GROUP, URI: sg-1}]}}",
    "queues of a broker": "{Type: MQ, Properties: {Broker: !GetAtt Broker.Arn, Queues: [jobs], BatchSize: 2, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:x'}]}}",
    "changes of documents": "{Type: DocumentDB, Properties: {Cluster: !Sub 'arn:aws:rds:eu-west-1:123456789012:cluster:shop', DatabaseName: shop, StartingPosition: LATEST, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:x'}]}}",
    "topic": "{Type: SNS, Properties: {Topic: !Ref News, FilterPolicy: {kind: [paid]}, FilterPolicyScope: MessageBody, RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn}}}",
    "topic through a queue": "{Type: SNS, Properties: {Topic: !Ref News, SqsSubscription: true}}",
    "topic through no queue": "{Type: SNS, Properties: {Topic: !Ref News, SqsSubscription: false}}",
    "topic through an own queue": "{Type: SNS, Properties: {Topic: !Ref News, SqsSubscription: {QueueArn: !GetAtt Orders.Arn, QueueUrl: !Ref Orders, BatchSize: 4}}}",
    "FIFO topic through a queue": "{Type: SNS, Properties: {Topic: !Ref Ordered, SqsSubscription: true}}",
    "rule": "{Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [shop]}, State: DISABLED, InputPath: $.detail, RetryPolicy: {MaximumRetryAttempts: 2}, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}}",
    "rule with a queue for what fails": "{Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}, DeadLetterConfig: {Type: SQS}}}",
    "rule with a named queue for what fails": "{Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}, DeadLetterConfig: {Type: SQS, QueueLogicalId: Rejected}}}",
    "rule by its old name": "{Type: CloudWatchEvent, Properties: {Pattern: {source: [aws.ec2]}, Input: '{}'}}",
    "schedule": "{Type: Schedule, Properties: {Schedule: rate(1 day), Enabled: false, RetryPolicy: {MaximumEventAgeInSeconds: 90}, DeadLetterConfig: {Type: SQS}}}",
    "schedule of the scheduler": "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), State: DISABLED, RetryPolicy: {MaximumRetryAttempts: 1}, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}}",
    "schedule of the scheduler with a queue": "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), DeadLetterConfig: {Type: SQS}}}",
    "objects of a bucket": "{Type: S3, Properties: {Bucket: !Ref Bucket, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*']}}",
    "messages of devices": "{Type: IoTRule, Properties: {Sql: \"SELECT * FROM 'a/b'\"}}",
    "lines of a log": "{Type: CloudWatchLogs, Properties: {LogGroupName: !Ref Lines, FilterPattern: ERROR}}",
    "request": "{Type: Api, Properties: {Path: /orders, Method: post}}",
    "request of HTTP": "{Type: HttpApi, Properties: {Path: /orders, Method: post}}",
    "user": "{Type: Cognito, Properties: {UserPool: !Ref Users, Trigger: PreSignUp}}",
    "voice": "{Type: AlexaSkill}",
}  # fmt: skip
"""Every type of event, in its usual forms, by what it is."""

TO_STATE_MACHINES = {
    "schedule": "{Type: Schedule, Properties: {Schedule: rate(1 day), DeadLetterConfig: {Type: SQS}}}",
    "schedule of the scheduler": "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), State: DISABLED}}",
    "rule": "{Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [shop]}, DeadLetterConfig: {Type: SQS, QueueLogicalId: Rejected}}}",
    "rule by its old name": "{Type: CloudWatchEvent, Properties: {Pattern: {source: [shop]}, State: DISABLED}}",
    "request": "{Type: Api, Properties: {Path: /orders, Method: post}}",
}

GLOBALS = """
Globals:
  Function:
    Runtime: python3.13
    CodeUri: src/
    Timeout: 20
    Environment: {Variables: {QUEUE_URL: !Ref Orders, STAGE: !Ref Stage, EVENTS_TOPIC: none}}
"""

FUNCTIONS = {
    "what is global": "Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run}}",
    "what overrides it": "Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, CodeUri: workers/mail, Timeout: 5, FunctionName: !Sub 'mail-${Stage}', ReservedConcurrentExecutions: 2, Environment: {Variables: {EVENTS_TOPIC: !Ref News, CLICKS_STREAM: !Ref Clicks}}}}",
    "what ignores it": "Worker: {Type: AWS::Serverless::Function, IgnoreGlobals: [Environment, Timeout], Properties: {Handler: app.run}}",
    "code in the template": "Worker: {Type: AWS::Serverless::Function, IgnoreGlobals: '*', Properties: {Handler: index.run, Runtime: python3.13, InlineCode: 'def run(event, context): pass'}}",
    "image": "Worker: {Type: AWS::Serverless::Function, IgnoreGlobals: '*', Metadata: {DockerContext: ./worker, Dockerfile: Dockerfile}, Properties: {PackageType: Image, ImageConfig: {Command: [app.run]}, Environment: {Variables: {QUEUE_URL: !Ref Orders}}}}",
    "alias": """
        Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, AutoPublishAlias: live, Events: {It: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}}}}
        Caller: {Type: AWS::Serverless::Function, Properties: {Handler: app.call, Environment: {Variables: {WORKER_TARGET: !Ref Worker.Alias, WORKER_SERVICE: !Ref WorkerAliaslive, WORKER_VERSION_ARN: !Ref Worker.Version}}}}
        """,
    "where failed calls go": "Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failed.Arn}}}",
    "where calls go": "Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: EventBridge, Destination: !GetAtt Bus.Arn}, OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}}}}",
    "where calls go without a name": """
        Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SNS}, OnFailure: {Type: SQS}}}}}
        Mail: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Worker.DestinationTopic, Protocol: email, Endpoint: a@example.org}}
        Reader: {Type: AWS::Serverless::Function, Properties: {Handler: app.read, Environment: {Variables: {FAILED_QUEUE_URL: !Ref WorkerEventInvokeConfigOnFailureQueue}}}}
        """,
    "tables, interfaces and connections": """
        Items: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: items}}
        Worker: {Type: AWS::Serverless::Function, Properties: {Handler: app.run, Environment: {Variables: {ITEMS_SOURCE: !Ref Items}}}}
        Door: {Type: AWS::Serverless::Api, Properties: {StageName: v1, DefinitionBody: {swagger: '2.0', paths: {/orders: {post: {x-amazon-apigateway-integration: {type: aws, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/${Orders.QueueName}'}}}}}}}
        Side: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionBody: {openapi: '3.0.1', info: {title: a, version: '1'}, paths: {/x: {post: {x-amazon-apigateway-integration: {type: AWS_PROXY, integrationSubtype: SQS-SendMessage, payloadFormatVersion: '1.0', requestParameters: {QueueUrl: !Ref Orders}}}}}}}}
        Both: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Worker}, Destination: {Id: Orders}, Permissions: [Write]}}
        """,
    "tasks of a state machine": """
        Flow:
          Type: AWS::Serverless::StateMachine
          Properties:
            DefinitionSubstitutions: {Queue: !Ref Orders, Name: !Ref Bus}
            Definition:
              StartAt: Send
              States:
                Send: {Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage', Parameters: {QueueUrl: '${Queue}', MessageBody: x}, Next: Tell}
                Tell: {Type: Task, Resource: 'arn:aws:states:::events:putEvents', Parameters: {Entries: [{EventBusName: '${Name}'}]}, Next: Shout}
                Shout: {Type: Task, Resource: !Sub 'arn:${AWS::Partition}:states:::sns:publish', Parameters: {TopicArn: !Ref News, Message: x}, End: true}
        """,
}  # fmt: skip


def of(resources: str, settings: str = "") -> Comparison:
    text = f"Transform: AWS::Serverless-2016-10-31\nParameters: {{Stage: {{Type: String, Default: dev}}}}\n{settings}Resources:\n"
    both = (textwrap.indent(textwrap.dedent(part), "  ") for part in (BESIDE, resources))
    return compared("app/template.yaml", text + "\n".join(both))


@pytest.mark.parametrize("event", TO_FUNCTIONS)
def test_events_of_functions(event: str) -> None:
    found = of(
        f"Worker: {{Type: AWS::Serverless::Function, Properties: {{Handler: app.run, Runtime: python3.13, CodeUri: src, Events: {{It: {TO_FUNCTIONS[event]}}}}}}}"
    )
    assert found.different == []
    assert found.equal["function"] == 1


@pytest.mark.parametrize("event", TO_STATE_MACHINES)
def test_events_of_state_machines(event: str) -> None:
    found = of(f"""
        Flow:
          Type: AWS::Serverless::StateMachine
          Properties: {{Definition: {{StartAt: A, States: {{A: {{Type: Succeed}}}}}}, Events: {{It: {TO_STATE_MACHINES[event]}}}}}
        """)
    assert found.different == []


@pytest.mark.parametrize("resources", FUNCTIONS)
def test_functions_and_what_stands_beside_them(resources: str) -> None:
    assert of(FUNCTIONS[resources], GLOBALS.lstrip()).different == []


def test_an_event_gives_a_fact_that_a_wrong_reading_would_miss() -> None:
    without = of(
        "Worker: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.13, CodeUri: src}}"
    )
    quiet = {"request", "request of HTTP", "user", "voice"}
    for name, event in TO_FUNCTIONS.items():
        found = of(
            f"Worker: {{Type: AWS::Serverless::Function, Properties: {{Handler: a.b, Runtime: python3.13, CodeUri: src, Events: {{It: {event}}}}}}}"
        )
        assert (found.equal.total() > without.equal.total()) is (name not in quiet), name


def test_what_the_transform_refuses_is_told() -> None:
    with pytest.raises(RefusedError, match="Worker"):
        of("Worker: {Type: AWS::Serverless::Function, Properties: {Events: {It: {Type: SQS}}}}")
