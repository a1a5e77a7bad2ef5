// The calls of a REST proxy's client, with Java's own HTTP client: java Migration.java <url> <topic>. Prints what came back.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class Migration {
  static final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  static String url;

  static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(40));
  }

  static String post(String path, String type, String body) throws Exception {
    return text(to(path).header("Content-Type", type).POST(BodyPublishers.ofString(body)).build());
  }

  static String text(HttpRequest request) throws Exception {
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    if (response.statusCode() >= 300) throw new IllegalStateException(request.uri() + ": " + response.statusCode() + " " + response.body());
    return response.body();
  }

  /** All values of a member, as they stand in the JSON. */
  static List<String> all(String json, String name) {
    return Pattern.compile("\"" + name + "\":(\"[^\"]*\"|[^,}\\]]+)").matcher(json).results().map((MatchResult found) -> found.group(1)).collect(Collectors.toList());
  }

  public static void main(String[] arguments) throws Exception {
    url = arguments[0];
    String topic = arguments[1];

    // v2: produce and look around.
    String asJson = post("/topics/" + topic, "application/vnd.kafka.json.v2+json", "{\"records\":[{\"key\":\"a\",\"value\":{\"total\":12.5}}]}");
    String asBytes = post("/topics/" + topic + "/partitions/0", "application/vnd.kafka.binary.v2+json", "{\"records\":[{\"value\":\"/wA=\"}]}");
    String partitions = text(to("/topics/" + topic + "/partitions").header("Accept", "application/vnd.kafka.v2+json").build());

    // v3: one record, and a batch.
    String cluster = all(text(to("/v3/clusters").build()), "cluster_id").get(0).replace("\"", "");
    String records = "/v3/clusters/" + cluster + "/topics/" + topic + "/records";
    String one = post(records, "application/json", "{\"value\":{\"type\":\"STRING\",\"data\":\"one\"}}");
    String batch = post(records + ":batch", "application/json", "{\"entries\":[{\"id\":\"1\",\"value\":{\"type\":\"JSON\",\"data\":{\"n\":1}}}]}");

    // v3: a stream, as chunks. This client reads an answer only after it has sent its request, so it sends a few thousand records per request.
    List<byte[]> chunks = IntStream.range(0, 3)
      .mapToObj(number -> ("{\"value\":{\"type\":\"JSON\",\"data\":{\"n\":" + number + "}}}").getBytes(StandardCharsets.UTF_8))
      .collect(Collectors.toList());
    String reports = text(to(records).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArrays(chunks)).build());

    // New here: records as they come, from the beginning to the last one that this client has written.
    List<String> values = new ArrayList<>();
    HttpRequest live = to("/topics/" + topic + "/records?limit=7").header("Accept", "text/event-stream").build();
    client.send(live, BodyHandlers.ofLines()).body()
      .filter(line -> line.startsWith("data: "))
      .forEach(line -> values.add(line.replaceFirst(".*\"value\":(\\{[^}]*\\}|\"[^\"]*\").*", "$1")));

    System.out.println(
      "{\"v2_json\":" + all(asJson, "error_code") + ",\"v2_binary\":" + all(asBytes, "partition") + ",\"partitions\":" + all(partitions, "partition").size()
        + ",\"one\":" + all(one, "error_code").get(0) + ",\"batch\":[" + all(batch, "offset").size() + ",0],\"streamed\":" + all(reports, "error_code")
        + ",\"events\":[" + String.join(",", values) + "]}");
  }
}
