package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
  @SuppressWarnings("ArrayRecordComponent") // as saved states are
  record All(
      int version,
      long big,
      boolean on,
      String text,
      byte[] bytes,
      int[] ints,
      long[] longs,
      Inner inner,
      List<Inner> list,
      Map<String, Integer> map) {}

  record Inner(int value) {}

  private static final All ALL =
      new All(
          1,
          Long.MIN_VALUE,
          true,
          "\"ä\n",
          new byte[] {-1, 0, 1},
          new int[] {1, -2},
          new long[] {Long.MAX_VALUE},
          new Inner(7),
          List.of(new Inner(8), new Inner(9)),
          Map.of("a", 3));

  @Test
  void comesBackAsItWas() throws Exception {
    String text = Json.write(RecordCodec.write(ALL));
    All back = read(text);
    assertThat(back).usingRecursiveComparison().isEqualTo(ALL);
  }

  @Test
  void refusesWhatIsNotTheRecordsOwn() {
    String good = Json.write(RecordCodec.write(ALL));
    refused(good.replace("\"version\":1,", ""), "test.version is missing");
    refused(good.replace("\"version\":1,", "\"version\":1,\"more\":2,"), "unknown field [more]");
    refused(good.replace("\"version\":1,", "\"version\":4294967296,"), "test.version is no number");
    refused(good.replace("\"version\":1,", "\"version\":1.5,"), "test.version is no number");
    refused(good.replace("\"on\":true", "\"on\":\"true\""), "test.on is no boolean");
    refused(good.replace("\"/wAB\"", "\"/w*B\""), "test.bytes is not base64");
    refused(good.replace("{\"value\":8}", "{\"value\":null}"), "test.list[0].value is missing");
    refused(good.replace("{\"value\":8}", "8"), "test.list[0] is no Inner");
    refused(good.replace("{\"a\":3}", "{\"a\":\"b\"}"), "test.map.a is no number");
  }

  private static void refused(String text, String why) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(BadSnapshotException.class)
        .hasMessageContaining(why);
  }

  private static All read(String text) throws JsonException, BadSnapshotException {
    return RecordCodec.read("test", Json.parse(text), All.class);
  }
}
