"""Terraform's resources in CloudFormation's vocabulary, in which ``aws`` tells what they mean.

Most are a table: the type, and for each property where Terraform has it (``a.b`` is ``b`` in the block ``a``). Kafka's
topics of other providers are put beside those of MSK: their properties mean the same.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from brokerlint.manifests.aws.resources import FUNCTION, TASK, Resource
from brokerlint.manifests.facts import Hole, Reference
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.terms import NOTHING, Term, concat, literal, mapping, parsed, pattern, references
from brokerlint.manifests.terraform_modules import Declared
from brokerlint.manifests.terraform_names import MADE_OF_ARGUMENTS
from brokerlint.manifests.terraform_values import tree_path
from brokerlint.places import Place

ARCHIVE = "archive_file"
RULE = "aws_cloudwatch_event_rule"
_TARGET = "aws_cloudwatch_event_target"

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
    "aws_pipes_pipe": (
        "AWS::Pipes::Pipe",
        {
            "Source": "source",
            "Target": "target",
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
            "Target.Arn": "target.arn",
            "Target.Input": "target.input",
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
    RULE: (
        RULE,
        {
            "EventBusName": "event_bus_name",
            "EventPattern": "event_pattern",
            "ScheduleExpression": "schedule_expression",
            "Name": "name",
        },
    ),
}

NAMED_ONLY = ("aws_s3_bucket", "aws_dynamodb_table", "aws_iam_role")
"""Types of which only the name is read."""

READ = frozenset({*TABLE, *MADE_OF_ARGUMENTS, _TARGET, "aws_s3_bucket_notification"})
"""Types of resources and data sources that are read."""


def resources(declared: Iterable[Declared]) -> list[Resource]:
    """The resources of a configuration in CloudFormation's words."""
    everything = list(declared)
    known = {one.key: _resource(one, *TABLE[one.type]) for one in everything if one.type in TABLE}
    found: list[Resource] = []
    for one in everything:
        further = _FURTHER.get(one.type)
        made = known.get(one.key)
        if made is not None:
            found.append(further(one, made, known) if further else made)
        if one.type == _TARGET:
            found.append(_target(one, known))
        elif one.type == "aws_s3_bucket_notification":
            found.append(_notification(one))
        elif one.type in ("aws_sqs_queue", "aws_sns_topic") and one.arguments.get("policy"):
            found.append(_own_policy(one))
    return found


def _resource(one: Declared, kind: str, paths: Mapping[str, str]) -> Resource:
    properties: dict[str, object] = {}
    for target, source in paths.items():
        term = _at(one.arguments, source)
        if term:
            *above, last = target.split(".")
            level = properties
            for step in above:
                level = level.setdefault(step, {})  # type: ignore[assignment]
            level[last] = term
    return _made(one, one.key, kind, _nested(properties))


def _nested(properties: Mapping[str, object]) -> Term:
    return Term({k: v if isinstance(v, Term) else _nested(v) for k, v in properties.items()})  # type: ignore[arg-type]


def _at(arguments: Term, path: str) -> Term:
    """The argument at a path through blocks, of which the first counts; a ``*`` at the end asks for all blocks."""
    term = arguments
    for step in path.split("."):
        if term.is_list:
            term = term.elements()[0] if term.elements() else NOTHING
        if step.endswith("*"):
            return Term(tuple(_capitalised(one) for one in term.get(step[:-1]).elements()))
        term = term.get(step)
    return term


def _made(one: Declared, key: str, kind: str, properties: Term) -> Resource:
    place = Place(one.path, one.line)
    return Resource(key, kind, one.name, place, properties, (), profile_of(one.path), one.data)


def _capitalised(term: Term) -> Term:
    """A mapping with its keys in CloudFormation's way: ``valueFrom`` is ``ValueFrom``."""
    if term.is_mapping:
        return Term({key[:1].upper() + key[1:]: _capitalised(one) for key, one in term.items()}, term.line)
    return Term(tuple(_capitalised(one) for one in term.elements()), term.line) if term.is_list else term


# --- Types that need more than the table ------------------------------------------------------------------------------


def _queue(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    """A name of which only the prefix is written."""
    prefix = one.arguments.get("name_prefix")
    if made.get("QueueName") or made.get("TopicName") or not prefix:
        return made
    name = Term(concat([prefix.value, Hole("made by the provider")]), prefix.line)
    field = "QueueName" if one.type == "aws_sqs_queue" else "TopicName"
    return replace(made, properties=Term({**dict(made.properties.items()), field: name}))


def _function(one: Declared, made: Resource, known: Mapping[str, Resource]) -> Resource:
    """A function with its code: the directory or file of the archive that it is made from."""
    arguments = one.arguments
    roots = [path for path in (_path(one.directory, term) for term in _sources(arguments.get("source_dir"))) if path]
    for name in ("filename", "source_code_hash", "s3_object_version", "s3_key", "source"):
        for reference in references(arguments.get(name).value):
            archive = known.get(reference.key)
            if archive is not None and archive.type == ARCHIVE:
                roots += _archived(archive, one.directory)
    properties = dict(made.properties.items())
    statements = arguments.get("statements")
    if statements:
        properties["Statements"] = Term(tuple(_statement(entry) for entry in statements.elements()))
    return replace(made, roots=tuple(dict.fromkeys(roots)), properties=Term(properties))


def _statement(entry: Term) -> Term:
    return mapping({"Action": entry.get("actions"), "Resource": entry.get("resources"), "Effect": entry.get("effect")})


def _sources(term: Term) -> Iterator[Term]:
    """Paths given as a text, as a list, or in a list of mappings with ``path``."""
    for one in term.elements():
        yield one.get("path") or one


def _archived(archive: Resource, directory: str) -> Iterator[str]:
    folder, file = archive.get("Directory"), archive.get("File")
    if folder and (path := _path(directory, folder)):
        yield path
    if file and (path := _path(directory, file)):
        yield posixpath.dirname(path)


def _path(directory: str, term: Term) -> str:
    """A path relative to the tree; empty where it is not known or leads out of the tree."""
    text = pattern(term.value)
    return "" if "*" in text or not text else tree_path(directory, text)


def _task(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    containers = _capitalised(parsed(one.arguments.get("container_definitions")))
    return replace(made, properties=Term({**dict(made.properties.items()), "ContainerDefinitions": containers}))


def _role(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    policies = tuple(
        mapping({"PolicyDocument": p.get("policy")}) for p in one.arguments.get("inline_policy").elements()
    )
    properties = {**dict(made.properties.items()), "Policies": Term(policies)}
    return replace(made, properties=Term(properties | {"ManagedPolicyArns": one.arguments.get("managed_policy_arns")}))


def _alarm(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    pairs = tuple(mapping({"Name": literal(k), "Value": v}) for k, v in one.arguments.get("dimensions").items())
    return replace(made, properties=Term({**dict(made.properties.items()), "Dimensions": Term(pairs)}))


def _target(one: Declared, known: Mapping[str, Resource]) -> Resource:
    """A rule with this one target, at the target's place."""
    arguments = one.arguments
    owner = next((known[r.key] for r in references(arguments.get("rule").value) if r.key in known), None)
    if owner is None:
        name = pattern(arguments.get("rule").value)
        same = (rule for rule in known.values() if rule.type == RULE and pattern(rule.get("Name").value) == name)
        owner = next(same, None)
    entry = mapping({
        "Arn": arguments.get("arn"),
        "Input": arguments.get("input"),
        "InputPath": arguments.get("input_path"),
        "InputTransformer": arguments.get("input_transformer"),
        "DeadLetterConfig": mapping({"Arn": _at(arguments, "dead_letter_config.arn")}),
        "SqsParameters": mapping({"MessageGroupId": _at(arguments, "sqs_target.message_group_id")}),
    })  # fmt: skip
    rule = dict(owner.properties.items()) if owner else {"EventPattern": literal("{}")}
    bus = arguments.get("event_bus_name") or rule.get("EventBusName", NOTHING)
    properties = mapping({**rule, "EventBusName": bus, "Targets": Term((entry,))})
    return _made(one, one.key, "AWS::Events::Rule", properties)


def _notification(one: Declared) -> Resource:
    arguments = one.arguments
    configuration: dict[str, Term] = {}
    for several, name, block, arn in (
        ("QueueConfigurations", "Queue", "queue", "queue_arn"),
        ("TopicConfigurations", "Topic", "topic", "topic_arn"),
        ("LambdaConfigurations", "Function", "lambda_function", "lambda_function_arn"),
    ):
        entries = arguments.get(block).elements()
        configuration[several] = Term(tuple(mapping({name: entry.get(arn)}, entry.line) for entry in entries))
    if arguments.get("eventbridge").flag:
        configuration["EventBridgeConfiguration"] = arguments.get("eventbridge")
    properties = mapping({"Bucket": arguments.get("bucket"), "NotificationConfiguration": mapping(configuration)})
    return _made(one, one.key, "AWS::S3::Bucket", properties)


def _own_policy(one: Declared) -> Resource:
    kind, name = (
        ("AWS::SQS::QueuePolicy", "Queues") if one.type == "aws_sqs_queue" else ("AWS::SNS::TopicPolicy", "Topics")
    )
    properties = {name: Term(Reference(one.key)), "PolicyDocument": one.arguments.get("policy")}
    return _made(one, f"{one.key}/policy", kind, mapping(properties))


_FURTHER: Mapping[str, Callable[[Declared, Resource, Mapping[str, Resource]], Resource]] = {
    "aws_sqs_queue": _queue,
    "aws_sns_topic": _queue,
    "aws_lambda_function": _function,
    "aws_ecs_task_definition": _task,
    "aws_iam_role": _role,
    "aws_cloudwatch_metric_alarm": _alarm,
}
