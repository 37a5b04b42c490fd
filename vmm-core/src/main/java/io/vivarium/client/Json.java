package io.vivarium.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON text to {@link JsonObject} and back. What is read is bounded: it may be hostile. */
public final class Json {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_TEXT = 2 << 20;
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT)
                  .maxNumberLength(32)
                  .build())
          .build();

  private Json() {}

  /** One object and nothing after it. */
  public static JsonObject parse(String text) throws JsonException {
    return parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /** One object in UTF-8 and nothing after it. */
  public static JsonObject parse(byte[] utf8) throws JsonException {
    return parse(utf8, 0, utf8.length);
  }

  /** One object in UTF-8 and nothing after it. */
  public static JsonObject parse(byte[] utf8, int offset, int length) throws JsonException {
    try (JsonParser parser = FACTORY.createParser(utf8, offset, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonException("not a JSON object");
      }
      JsonObject object = readObject(parser);
      if (parser.nextToken() != null) {
        throw new JsonException("text after the JSON object");
      }
      return object;
    } catch (IOException e) {
      throw new JsonException("not JSON: " + firstLine(e.getMessage()));
    }
  }

  /** On one line, without a line feed inside or at the end. */
  public static String write(@Nullable Object value) {
    return write(value, false);
  }

  /** Indented, for people. */
  public static String pretty(@Nullable Object value) {
    return write(value, true);
  }

  private static String write(@Nullable Object value, boolean pretty) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      if (pretty) {
        generator.setPrettyPrinter(new DefaultPrettyPrinter());
      }
      writeValue(generator, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void writeValue(JsonGenerator out, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> out.writeNull();
      case String text -> out.writeString(text);
      case Long number -> out.writeNumber(number);
      case Integer number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Boolean bool -> out.writeBoolean(bool);
      case JsonObject object -> writeFields(out, object.fields());
      case Map<?, ?> map -> writeFields(out, map);
      case Iterable<?> elements when !(value instanceof java.nio.file.Path) -> {
        out.writeStartArray();
        for (Object element : elements) {
          writeValue(out, element);
        }
        out.writeEndArray();
      }
      default -> out.writeString(value.toString());
    }
  }

  private static void writeFields(JsonGenerator out, Map<?, ?> fields) throws IOException {
    out.writeStartObject();
    for (Map.Entry<?, ?> field : fields.entrySet()) {
      out.writeFieldName(String.valueOf(field.getKey()));
      writeValue(out, field.getValue());
    }
    out.writeEndObject();
  }

  private static JsonObject readObject(JsonParser parser) throws IOException, JsonException {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (fields.containsKey(name)) {
        throw new JsonException("field '" + name + "' stands twice");
      }
      fields.put(name, readValue(parser));
    }
    return new JsonObject(fields);
  }

  private static @Nullable Object readValue(JsonParser parser) throws IOException, JsonException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new JsonException("the JSON text ends too early");
    }
    return switch (token) {
      case START_OBJECT -> readObject(parser);
      case START_ARRAY -> {
        List<@Nullable Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(readValue(parser));
        }
        yield elements;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new JsonException("unexpected " + token);
    };
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "" : text.lines().findFirst().orElse("");
  }
}
