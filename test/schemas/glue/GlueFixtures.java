/*
 * Prints the records of fixtures.json: keys and values as AWS's own serializers write them (software.amazon.glue:schema-registry-serde). It is run by hand, from this folder:
 *   mvn -B -q dependency:build-classpath -Dmdep.outputFile=target/classpath
 *   java -cp "$(cat target/classpath)" GlueFixtures.java > fixtures.json
 */
import com.amazonaws.services.schemaregistry.deserializers.protobuf.ProtobufSchemaParser;
import com.amazonaws.services.schemaregistry.serializers.GlueSchemaRegistrySerializationFacade;
import com.amazonaws.services.schemaregistry.serializers.json.JsonDataWithSchema;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.services.glue.model.DataFormat;

public class GlueFixtures {
  static final UUID versionId = UUID.fromString("b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63");

  static final String avro = "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"note\",\"type\":[\"null\",\"string\"]},{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}]}";
  static final String json = "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}}}";
  static final String proto = "syntax = \"proto3\"; package shop; message Zebra { string name = 1; message Stripe { int64 width = 1; message Colour { string hue = 1; } } message Hoof { int32 size = 1; } } message Ant { map<string, int32> legs = 1; sint64 weight = 2; }";

  static GlueSchemaRegistrySerializationFacade serializer(String compression) {
    Map<String, Object> configs = Map.of("region", "eu-central-1", "compression", compression, "dataFormat", "AVRO");
    return GlueSchemaRegistrySerializationFacade.builder().credentialProvider(AnonymousCredentialsProvider.create()).configs(configs).build();
  }

  static final List<Map<String, String>> records = new ArrayList<>();

  static void add(DataFormat format, String schema, String message, String value, Object data) {
    for (String compression : List.of("NONE", "ZLIB")) {
      Map<String, String> record = new LinkedHashMap<>();
      record.put("format", format.toString());
      record.put("compression", compression);
      record.put("versionId", versionId.toString());
      record.put("schema", schema);
      if (message != null) record.put("message", message);
      record.put("json", value);
      record.put("bytes", Base64.getEncoder().encodeToString(serializer(compression).serialize(format, data, versionId)));
      records.add(record);
    }
  }

  static void addAvro(String schemaText, String value) throws Exception {
    Schema schema = new Schema.Parser().parse(schemaText);
    add(DataFormat.AVRO, schemaText, null, value, new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, value)));
  }

  static void addProtobuf(String message, String value) throws Exception {
    String[] names = message.split("\\.");
    var file = ProtobufSchemaParser.parse(proto, "shop.proto");
    var type = file.findMessageTypeByName(names[0]);
    for (int index = 1; index < names.length; index++) type = type.findNestedTypeByName(names[index]);
    DynamicMessage.Builder builder = DynamicMessage.newBuilder(type);
    JsonFormat.parser().merge(value, builder);
    add(DataFormat.PROTOBUF, proto, "shop." + message, value, builder.build());
  }

  public static void main(String[] args) throws Exception {
    addAvro(avro, "{\"id\":9007199254740993,\"note\":{\"string\":\"Grüße\"},\"tags\":{\"a\":-1}}");
    addAvro(avro, "{\"id\":-1,\"note\":null,\"tags\":{}}");
    add(DataFormat.JSON, json, null, "{\"id\":5}", JsonDataWithSchema.builder(json, "{\"id\":5}").build());
    addProtobuf("Zebra", "{\"name\":\"z\"}");
    addProtobuf("Zebra.Stripe", "{\"width\":\"9007199254740993\"}");
    addProtobuf("Zebra.Stripe.Colour", "{\"hue\":\"black\"}");
    addProtobuf("Zebra.Hoof", "{\"size\":-7}");
    addProtobuf("Ant", "{\"legs\":{\"left\":3},\"weight\":\"-9007199254740993\"}");
    System.out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(records));
  }
}
