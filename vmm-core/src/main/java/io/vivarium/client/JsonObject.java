package io.vivarium.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object, read field by field with checks and written field by field in order. Files and
 * messages are converted by hand through it: no reflection, so a command starts fast, and every
 * field that comes from outside is checked where it is read.
 */
public final class JsonObject {
  private final Map<String, @Nullable Object> fields;

  public JsonObject() {
    this(new LinkedHashMap<>());
  }

  JsonObject(Map<String, @Nullable Object> fields) {
    this.fields = fields;
  }

  /**
   * Sets a field to a string, number, boolean, null, JsonObject, or a list of these; instants,
   * enums and paths are written as their text.
   */
  public JsonObject put(String name, @Nullable Object value) {
    fields.put(name, value);
    return this;
  }

  public Map<String, @Nullable Object> fields() {
    return fields;
  }

  /** The field, which must be a string. */
  public String string(String name) throws JsonException {
    if (fields.get(name) instanceof String text) {
      return text;
    }
    throw wrong(name, "a string");
  }

  /** The field, a string, or null when it is null or absent. */
  public @Nullable String optString(String name) throws JsonException {
    return fields.get(name) == null ? null : string(name);
  }

  /** The field, a whole number in {@code min..max}. */
  public long number(String name, long min, long max) throws JsonException {
    if (fields.get(name) instanceof Long number && number >= min && number <= max) {
      return number;
    }
    throw wrong(name, "a whole number from " + min + " to " + max);
  }

  /** The field, a whole number in {@code min..max}, or {@code absent} when it is not there. */
  public long optNumber(String name, long min, long max, long absent) throws JsonException {
    return fields.get(name) == null ? absent : number(name, min, max);
  }

  /** The field, a boolean; false when absent. */
  public boolean bool(String name) throws JsonException {
    Object value = fields.get(name);
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean bool) {
      return bool;
    }
    throw wrong(name, "true or false");
  }

  /** The field, a fraction or whole number. */
  public double fraction(String name) throws JsonException {
    if (fields.get(name) instanceof Number number) {
      return number.doubleValue();
    }
    throw wrong(name, "a number");
  }

  /** The field, an object. */
  public JsonObject object(String name) throws JsonException {
    if (fields.get(name) instanceof JsonObject object) {
      return object;
    }
    throw wrong(name, "an object");
  }

  /** The field, an object, or null when it is null or absent. */
  public @Nullable JsonObject optObject(String name) throws JsonException {
    return fields.get(name) == null ? null : object(name);
  }

  /** The field, a list of objects; empty when absent. */
  public List<JsonObject> objects(String name) throws JsonException {
    List<JsonObject> objects = new ArrayList<>();
    for (Object element : list(name)) {
      if (!(element instanceof JsonObject object)) {
        throw wrong(name, "a list of objects");
      }
      objects.add(object);
    }
    return objects;
  }

  /** The field, a list of strings; empty when absent. */
  public List<String> strings(String name) throws JsonException {
    List<String> strings = new ArrayList<>();
    for (Object element : list(name)) {
      if (!(element instanceof String text)) {
        throw wrong(name, "a list of strings");
      }
      strings.add(text);
    }
    return strings;
  }

  private List<?> list(String name) throws JsonException {
    Object value = fields.get(name);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(name, "a list");
  }

  private JsonException wrong(String name, String wanted) {
    return new JsonException(
        "field '" + name + "' " + (fields.containsKey(name) ? "is not " : "is missing: ") + wanted);
  }

  @Override
  public String toString() {
    return Json.write(this);
  }
}
