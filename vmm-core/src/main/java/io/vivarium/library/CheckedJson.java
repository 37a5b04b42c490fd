package io.vivarium.library;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.images.store.StoreFiles;
import java.nio.charset.StandardCharsets;

/** JSON files that carry a sha256 of all their other fields, so that a flipped bit is found. */
public final class CheckedJson {
  private static final String CHECKSUM = "sha256";

  private CheckedJson() {}

  /** The file's text, with the checksum as its last field. */
  public static byte[] write(JsonObject json) {
    json.put(CHECKSUM, checksum(json));
    return Json.pretty(json).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads such a text.
   *
   * @param newest the highest version that is known
   * @param since the first version that has a checksum
   * @throws JsonException in one phrase, when it is damaged
   */
  public static JsonObject read(byte[] text, long newest, long since) throws JsonException {
    JsonObject json = Json.parse(text);
    long version = json.number("version", 1, newest);
    if (version >= since) {
      String checksum = json.string(CHECKSUM);
      json.fields().remove(CHECKSUM);
      if (!checksum.equals(checksum(json))) {
        throw new JsonException("its checksum is wrong");
      }
    }
    return json;
  }

  /** Whether a text that may be changed by hand is as it was written; one without is. */
  static boolean untouched(byte[] text) throws JsonException {
    JsonObject json = Json.parse(text);
    Object checksum = json.fields().remove(CHECKSUM);
    return checksum == null || checksum.equals(checksum(json));
  }

  private static String checksum(JsonObject json) {
    return StoreFiles.sha256(Json.write(json).getBytes(StandardCharsets.UTF_8));
  }
}
