"""Uses the Python client that is generated from /openapi.json: generated_client.py <folder of the client> <url> <topic> <group>. Prints what came back."""
import base64
import importlib
import json
import pkgutil
import sys

folder, url, topic, group = sys.argv[1:]
sys.path.insert(0, folder)
import relay_client
from relay_client import models

client = relay_client.Client(base_url=url, timeout=40)
answers = {"problems": {}}


def modules():
    """Every operation and every model, imported."""
    package = importlib.import_module("relay_client.api.default")
    names = [name for _, name, _ in pkgutil.iter_modules(package.__path__)]
    return {name: importlib.import_module(f"relay_client.api.default.{name}") for name in names}


operations = modules()


def call(operation, *path, **given):
    """The parsed answer, of the type that the description promises."""
    return operations[operation].sync(*path, client=client, **given)


def problem(name, found):
    assert isinstance(found, models.Problem), found
    assert found.message, found
    answers["problems"][name] = [found.status, found.error_code, found.retriable, found.maybe_written]


answers["operations"] = sorted(operations)

cluster = call("get_v3_clusters").data[0].cluster_id
created = call(
    "post_v3_clusters_cluster_id_topics",
    cluster,
    body=models.PostV3ClustersClusterIdTopicsBody(topic_name=topic, partitions_count=1),
)
answers["created"] = [created.kind, created.topic_name, created.partitions_count]
answers["isListed"] = topic in [one.topic_name for one in call("get_v3_clusters_cluster_id_topics", cluster).data]
problem(
    "exists",
    call("post_v3_clusters_cluster_id_topics", cluster, body=models.PostV3ClustersClusterIdTopicsBody(topic_name=topic)),
)

Header = models.PostV3ClustersClusterIdTopicsTopicRecordsBodyHeadersType0Item
written = call(
    "post_v3_clusters_cluster_id_topics_topic_records",
    cluster,
    topic,
    body=models.PostV3ClustersClusterIdTopicsTopicRecordsBody(
        key=models.StringData(type_="STRING", data="a"),
        value=models.JsonData(type_="JSON", data={"total": 12.5}),
        headers=[Header(name="from", value=base64.b64encode(b"python").decode())],
    ),
)
answers["v3"] = [written.error_code, written.partition_id, written.offset, written.key.type_, written.value.size]

json_body = models.PostTopicsTopicJsonBody(records=[models.PostTopicsTopicJsonBodyRecordsItem(key="b", value={"total": 3})])
answers["v2Json"] = [(one.partition, one.offset) for one in call("post_topics_topic", topic, body=json_body).offsets]
binary_body = models.PostTopicsTopicBinaryBody(records=[models.PostTopicsTopicBinaryBodyRecordsItem(value=base64.b64encode(b"\xff\x00").decode())])
answers["v2Binary"] = [(one.partition, one.offset) for one in call("post_topics_topic", topic, body=binary_body).offsets]

page = call("get_topics_topic_records", topic, from_=models.GetTopicsTopicRecordsFrom.BEGINNING, limit="10")
answers["read"] = [[one.offset, one.key, one.value, [header.name for header in one.headers]] for one in page.records]
further = call("get_topics_topic_records", topic, cursor=page.cursor)
answers["behindCursor"] = len(further.records)

# A member of a consumer group, which reads and commits, and the group as v3 shows it.
instance = call("post_consumers_group", group, body=models.PostConsumersGroupBody(format_="binary", autooffsetreset="earliest")).instance_id
call(
    "post_consumers_group_instances_instance_subscription",
    group,
    instance,
    body=models.PostConsumersGroupInstancesInstanceSubscriptionBody(topics=[topic]),
)
received = []
for _ in range(20):
    received += call("get_consumers_group_instances_instance_records", group, instance, timeout="2000")
    if len(received) >= 3:
        break
answers["received"] = [one.offset for one in received]
call("post_consumers_group_instances_instance_offsets", group, instance, body=models.PostConsumersGroupInstancesInstanceOffsetsBody())
shown = call("get_v3_clusters_cluster_id_consumer_groups_group", cluster, group)
answers["group"] = [shown.kind, shown.consumer_group_id == group, shown.is_simple, shown.state]
lags = call("get_v3_clusters_cluster_id_consumer_groups_group_lags", cluster, group).data
answers["lags"] = [[one.topic_name == topic, one.current_offset, one.log_end_offset, one.lag] for one in lags]
call("delete_consumers_group_instances_instance", group, instance)

def event(number):
    return {"specversion": "1.0", "id": str(number), "source": "/python", "type": "order", "data": {"n": number}}


Event = models.PostTopicsTopicEventsCloudeventsBody
BatchEvent = models.PostTopicsTopicEventsCloudeventsBatchBodyItem
single = call("post_topics_topic_events", topic, body=Event.from_dict(event(1)))
batch = call("post_topics_topic_events", topic, body=[BatchEvent.from_dict(event(2)), BatchEvent.from_dict(event(3))])
# Bodies of any type go through the client's own connection.
headers = {"ce-specversion": "1.0", "ce-id": "4", "ce-source": "/python", "ce-type": "order", "content-type": "text/plain"}
binary = client.get_httpx_client().post(f"/topics/{topic}/events", content=b"four", headers=headers)
answers["events"] = {
    "single": [single.events[0].partition, single.events[0].offset],
    "batch": [len(batch.events), *(one.offset for one in batch.events)],
    "binaryMode": binary.status_code,
}

problem("unknownTopic", call("get_v3_clusters_cluster_id_topics_topic", cluster, f"{topic}-missing"))
problem("unknownCluster", call("get_v3_clusters_cluster_id", "elsewhere"))
problem("unknownTopicV2", call("post_topics_topic", f"{topic}-missing", body=json_body))
bad = models.PostTopicsTopicBinaryBody(records=[models.PostTopicsTopicBinaryBodyRecordsItem(value="not base64!")])
problem("notBase64", call("post_topics_topic", topic, body=bad))

deleted = operations["delete_v3_clusters_cluster_id_topics_topic"].sync_detailed(cluster, topic, client=client)
answers["deleted"] = deleted.status_code
print(json.dumps(answers))
