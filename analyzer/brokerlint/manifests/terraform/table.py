"""Which of Terraform's types are read, and where they have what CloudFormation's have: a table.

For each type CloudFormation's, and for each property the argument (``a.b`` is ``b`` in the block ``a``). Kafka's topics
of other providers are put beside those of MSK: their properties mean the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from brokerlint.manifests.aws.resources import FUNCTION, TASK
from brokerlint.manifests.terraform.names import MADE_OF_ARGUMENTS

ARCHIVE = "archive_file"
LOCAL_FILE = "local_file"
RULE = "aws_cloudwatch_event_rule"
TARGET = "aws_cloudwatch_event_target"

_MAPPING = {
    "FunctionName": "function_name",
    "EventSourceArn": "event_source_arn",
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds",
    "Enabled": "enabled",
    "Topics": "topics",
    "FunctionResponseTypes": "function_response_types",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "ParallelizationFactor": "parallelization_factor",
    "StartingPosition": "starting_position",
    "ScalingConfig.MaximumConcurrency": "scaling_config.maximum_concurrency",
    "DestinationConfig.OnFailure.Destination": "destination_config.on_failure.destination_arn",
    "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId": "amazon_managed_kafka_event_source_config.consumer_group_id",
    "SelfManagedKafkaEventSourceConfig.ConsumerGroupId": "self_managed_kafka_event_source_config.consumer_group_id",
    "FilterCriteria.Filters": "filter_criteria.filter*",
}
_KAFKA_TOPIC = {"TopicName": "name", "PartitionCount": "partitions", "ReplicationFactor": "replication_factor"}

TABLE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "aws_sqs_queue": (
        "AWS::SQS::Queue",
        {
            "QueueName": "name",
            "FifoQueue": "fifo_queue",
            "VisibilityTimeout": "visibility_timeout_seconds",
            "MessageRetentionPeriod": "message_retention_seconds",
            "DelaySeconds": "delay_seconds",
            "ReceiveMessageWaitTimeSeconds": "receive_wait_time_seconds",
            "MaximumMessageSize": "max_message_size",
            "ContentBasedDeduplication": "content_based_deduplication",
            "DeduplicationScope": "deduplication_scope",
            "FifoThroughputLimit": "fifo_throughput_limit",
            "KmsMasterKeyId": "kms_master_key_id",
            "SqsManagedSseEnabled": "sqs_managed_sse_enabled",
            "RedrivePolicy": "redrive_policy",
            "RedriveAllowPolicy": "redrive_allow_policy",
        },
    ),
    "aws_sqs_queue_redrive_policy": (
        "AWS::SQS::QueueRedrivePolicy",
        {"Queue": "queue_url", "RedrivePolicy": "redrive_policy"},
    ),
    "aws_sqs_queue_policy": ("AWS::SQS::QueuePolicy", {"Queues": "queue_url", "PolicyDocument": "policy"}),
    "aws_sns_topic": (
        "AWS::SNS::Topic",
        {
            "TopicName": "name",
            "FifoTopic": "fifo_topic",
            "ContentBasedDeduplication": "content_based_deduplication",
            "KmsMasterKeyId": "kms_master_key_id",
        },
    ),
    "aws_sns_topic_policy": ("AWS::SNS::TopicPolicy", {"Topics": "arn", "PolicyDocument": "policy"}),
    "aws_sns_topic_subscription": (
        "AWS::SNS::Subscription",
        {
            "TopicArn": "topic_arn",
            "Protocol": "protocol",
            "Endpoint": "endpoint",
            "FilterPolicy": "filter_policy",
            "FilterPolicyScope": "filter_policy_scope",
            "RawMessageDelivery": "raw_message_delivery",
            "RedrivePolicy": "redrive_policy",
        },
    ),
    "aws_lambda_function": (
        FUNCTION,
        {
            "FunctionName": "function_name",
            "Handler": "handler",
            "Runtime": "runtime",
            "Timeout": "timeout",
            "ReservedConcurrentExecutions": "reserved_concurrent_executions",
            "Environment.Variables": "environment.variables",
            "DeadLetterConfig.TargetArn": "dead_letter_config.target_arn",
            "Role": "role",
            "Code.ImageUri": "image_uri",
            "ImageConfig.Command": "image_config.command",
        },
    ),
    "aws_lambda_alias": ("AWS::Lambda::Alias", {"FunctionName": "function_name"}),
    "aws_lambda_event_source_mapping": ("AWS::Lambda::EventSourceMapping", _MAPPING),
    "aws_lambda_function_event_invoke_config": (
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": "function_name",
            "DestinationConfig.OnFailure.Destination": "destination_config.on_failure.destination",
            "DestinationConfig.OnSuccess.Destination": "destination_config.on_success.destination",
        },
    ),
    "aws_kinesis_stream": (
        "AWS::Kinesis::Stream",
        {
            "Name": "name",
            "ShardCount": "shard_count",
            "RetentionPeriodHours": "retention_period",
            "StreamModeDetails.StreamMode": "stream_mode_details.stream_mode",
            "StreamEncryption.EncryptionType": "encryption_type",
        },
    ),
    "aws_kinesis_stream_consumer": ("AWS::Kinesis::StreamConsumer", {"StreamARN": "stream_arn"}),
    "aws_kinesis_firehose_delivery_stream": (
        "AWS::KinesisFirehose::DeliveryStream",
        {
            "DeliveryStreamName": "name",
            "KinesisStreamSourceConfiguration.KinesisStreamARN": "kinesis_source_configuration.kinesis_stream_arn",
            "MSKSourceConfiguration.TopicName": "msk_source_configuration.topic_name",
        },
    ),
    "aws_cloudwatch_event_bus": ("AWS::Events::EventBus", {"Name": "name"}),
    "aws_cloudwatch_event_archive": (
        "AWS::Events::Archive",
        {"ArchiveName": "name", "SourceArn": "event_source_arn", "RetentionDays": "retention_days"},
    ),
    "aws_pipes_pipe": (
        "AWS::Pipes::Pipe",
        {
            "Source": "source",
            "Target": "target",
            "TargetParameters.EcsTaskParameters.TaskDefinitionArn": (
                "target_parameters.ecs_task_parameters.task_definition_arn"
            ),
            "Enrichment": "enrichment",
            "DesiredState": "desired_state",
            "SourceParameters.SqsQueueParameters.BatchSize": "source_parameters.sqs_queue_parameters.batch_size",
            "SourceParameters.ManagedStreamingKafkaParameters.TopicName": (
                "source_parameters.managed_streaming_kafka_parameters.topic_name"
            ),
            "SourceParameters.ManagedStreamingKafkaParameters.ConsumerGroupID": (
                "source_parameters.managed_streaming_kafka_parameters.consumer_group_id"
            ),
            "SourceParameters.SelfManagedKafkaParameters.TopicName": (
                "source_parameters.self_managed_kafka_parameters.topic_name"
            ),
        },
    ),
    "aws_scheduler_schedule": (
        "AWS::Scheduler::Schedule",
        {
            "ScheduleExpression": "schedule_expression",
            "State": "state",
            "Target.Arn": "target.arn",
            "Target.Input": "target.input",
            "Target.EcsParameters.TaskDefinitionArn": "target.ecs_parameters.task_definition_arn",
            "Target.DeadLetterConfig.Arn": "target.dead_letter_config.arn",
            "Target.SqsParameters.MessageGroupId": "target.sqs_parameters.message_group_id",
        },
    ),
    "aws_s3_bucket": ("AWS::S3::Bucket", {"BucketName": "bucket"}),
    "aws_dynamodb_table": ("AWS::DynamoDB::Table", {"TableName": "name"}),
    "aws_msk_cluster": (
        "AWS::MSK::Cluster",
        {
            "ClusterName": "cluster_name",
            "NumberOfBrokerNodes": "number_of_broker_nodes",
            "KafkaVersion": "kafka_version",
            "ConfigurationInfo.Arn": "configuration_info.arn",
            "BrokerNodeGroupInfo.InstanceType": "broker_node_group_info.instance_type",
        },
    ),
    "aws_msk_serverless_cluster": ("AWS::MSK::ServerlessCluster", {"ClusterName": "cluster_name"}),
    "aws_msk_configuration": ("AWS::MSK::Configuration", {"ServerProperties": "server_properties"}),
    "aws_msk_topic": (
        "AWS::MSK::Topic",
        {"TopicName": "name", "PartitionCount": "partition_count", "ReplicationFactor": "replication_factor"}
        | {"Configs": "configs"},
    ),
    "kafka_topic": ("AWS::MSK::Topic", {**_KAFKA_TOPIC, "Configs": "config"}),
    "confluent_kafka_topic": (
        "AWS::MSK::Topic",
        {"TopicName": "topic_name", "PartitionCount": "partitions_count", "Configs": "config"},
    ),
    "aws_ecs_task_definition": (TASK, {"Family": "family", "TaskRoleArn": "task_role_arn"}),
    "aws_iam_role": ("AWS::IAM::Role", {"RoleName": "name"}),
    "aws_iam_role_policy": ("AWS::IAM::RolePolicy", {"RoleName": "role", "PolicyDocument": "policy"}),
    "aws_iam_policy": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": "policy"}),
    "aws_iam_role_policy_attachment": ("AWS::IAM::PolicyAttachment", {"Roles": "role", "PolicyArn": "policy_arn"}),
    "aws_iam_policy_attachment": ("AWS::IAM::PolicyAttachment", {"Roles": "roles", "PolicyArn": "policy_arn"}),
    "aws_ssm_parameter": ("AWS::SSM::Parameter", {"Name": "name", "Value": "value"}),
    "aws_cloudwatch_metric_alarm": ("AWS::CloudWatch::Alarm", {"MetricName": "metric_name"}),
    "aws_sfn_state_machine": ("AWS::StepFunctions::StateMachine", {"Definition": "definition"}),
    ARCHIVE: (ARCHIVE, {"Directory": "source_dir", "File": "source_file"}),
    LOCAL_FILE: (LOCAL_FILE, {"Path": "filename"}),
    RULE: (
        RULE,
        {
            "EventBusName": "event_bus_name",
            "EventPattern": "event_pattern",
            "ScheduleExpression": "schedule_expression",
            "State": "state",
            "Name": "name",
        },
    ),
}

NAMED_ONLY = ("aws_s3_bucket", "aws_dynamodb_table", "aws_iam_role")
"""Types of which only the name is read."""

READ = frozenset({*TABLE, *MADE_OF_ARGUMENTS, TARGET, "aws_s3_bucket_notification"})
"""Types of resources and data sources that are read."""
