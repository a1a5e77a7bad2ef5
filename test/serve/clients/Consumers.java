// A client of a REST proxy's consumer instances, with Java's own HTTP client: java Consumers.java <url> <topic>. Two members of a group take turns. Prints what came back.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public class Consumers {
  static final String V2 = "application/vnd.kafka.v2+json";
  static final String JSON = "application/vnd.kafka.json.v2+json";
  static final HttpClient client = HttpClient.newHttpClient();

  record Answer(int status, String body) {}

  static Answer call(String method, String uri, String accept, String type, String body) throws Exception {
    BodyPublisher sent = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(40)).method(method, sent);
    if (accept != null) request.header("Accept", accept);
    if (type != null) request.header("Content-Type", type);
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body());
  }

  static Answer post(String uri, String body) throws Exception {
    return call("POST", uri, null, body == null ? null : V2, body);
  }

  /** All values of a member, as they stand in the JSON. */
  static List<String> all(String json, String name) {
    return Pattern.compile("\"" + name + "\":(\"[^\"]*\"|\\{[^}]*\\}|[^,}\\]]+)").matcher(json).results().map(found -> found.group(1)).collect(Collectors.toList());
  }

  /** Reads until so many records have come, or a minute has passed. */
  static List<String> read(String instance, int count) throws Exception {
    List<String> values = new ArrayList<>();
    long endsAt = System.currentTimeMillis() + 60_000;
    while (values.size() < count && System.currentTimeMillis() < endsAt) {
      Answer records = call("GET", instance + "/records?timeout=1000", JSON, null, null);
      if (records.status() != 200) throw new IllegalStateException(records.toString());
      values.addAll(all(records.body(), "value"));
    }
    return values;
  }

  /** Returns the address of the instance, as the answer gives it. */
  static String create(String url, String group, String name) throws Exception {
    String settings = "{\"name\":\"" + name + "\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\",\"auto.commit.enable\":\"false\"}";
    Answer created = post(url + "/consumers/" + group, settings);
    return all(created.body(), "base_uri").get(0).replace("\"", "");
  }

  public static void main(String[] arguments) throws Exception {
    String url = arguments[0];
    String topic = arguments[1];
    String group = topic + "-readers";
    call("POST", url + "/topics/" + topic, null, JSON, "{\"records\":[{\"value\":{\"n\":1}},{\"value\":{\"n\":2}}]}");

    String first = create(url, group, "first");
    int again = post(url + "/consumers/" + group, "{\"name\":\"first\",\"format\":\"json\"}").status();
    int subscribed = post(first + "/subscription", "{\"topics\":[\"" + topic + "\"]}").status();
    List<String> topics = all(call("GET", first + "/subscription", V2, null, null).body(), "topics");
    List<String> read = read(first, 2);
    int wrongFormat = call("GET", first + "/records", "application/vnd.kafka.binary.v2+json", null, null).status();
    int committed = post(first + "/offsets", null).status();
    int deleted = call("DELETE", first, V2, null, null).status();
    int gone = call("GET", first + "/records", JSON, null, null).status();

    // Another member goes on where the first one has committed.
    call("POST", url + "/topics/" + topic, null, JSON, "{\"records\":[{\"value\":{\"n\":3}}]}");
    String second = create(url, group, "second");
    post(second + "/subscription", "{\"topics\":[\"" + topic + "\"]}");
    List<String> wentOn = read(second, 1);
    int sought = post(second + "/positions/beginning", "{\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0}]}").status();
    List<String> fromBeginning = read(second, 3);
    int ended = call("DELETE", second, V2, null, null).status();

    System.out.println(
      "{\"statuses\":" + List.of(again, subscribed, wrongFormat, committed, deleted, gone, sought, ended) + ",\"topics\":" + topics.size()
        + ",\"read\":" + read + ",\"wentOn\":" + wentOn + ",\"fromBeginning\":" + fromBeginning + "}");
  }
}
