package io.vivarium.machine;

import io.vivarium.client.JsonObject;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Records of saved state to JSON and back. Components may be int, long, boolean, String, byte[] (as
 * base64), int[], long[], records, and lists or string-keyed maps of these. Reading takes exactly
 * the record's own fields, each in its type and range: what it says is hostile.
 */
final class RecordCodec {
  private RecordCodec() {}

  static JsonObject write(Record value) {
    JsonObject json = new JsonObject();
    try {
      for (RecordComponent component : value.getClass().getRecordComponents()) {
        component.getAccessor().setAccessible(true);
        json.put(component.getName(), toJson(component.getAccessor().invoke(value)));
      }
      return json;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + value.getClass(), e);
    }
  }

  private static @Nullable Object toJson(@Nullable Object value) {
    return switch (value) {
      case null -> throw new IllegalStateException("saved state with a null in it");
      case byte[] bytes -> Base64.getEncoder().encodeToString(bytes);
      case int[] numbers -> Arrays.stream(numbers).mapToObj(n -> (Object) (long) n).toList();
      case long[] numbers -> Arrays.stream(numbers).mapToObj(n -> (Object) n).toList();
      case Record nested -> write(nested);
      case List<?> list -> {
        List<@Nullable Object> elements = new ArrayList<>();
        list.forEach(element -> elements.add(toJson(element)));
        yield elements;
      }
      case Map<?, ?> map -> {
        JsonObject json = new JsonObject();
        map.forEach((key, element) -> json.put(String.valueOf(key), toJson(element)));
        yield json;
      }
      case Integer _, Long _, Boolean _, String _ -> value;
      default -> throw new IllegalStateException("cannot save a " + value.getClass());
    };
  }

  /**
   * Reads a record.
   *
   * @param where what messages call it
   */
  static <R extends Record> R read(String where, JsonObject json, Class<R> type)
      throws BadSnapshotException {
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    Set<String> unknown = new HashSet<>(json.fields().keySet());
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      types[i] = components[i].getType();
      unknown.remove(name);
      values[i] =
          fromJson(
              where + "." + name,
              json.fields().get(name),
              types[i],
              components[i].getGenericType());
    }
    if (!unknown.isEmpty()) {
      throw new BadSnapshotException("%s has an unknown field %s.".formatted(where, unknown));
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new BadSnapshotException(where + " is no valid " + type.getSimpleName() + ".", e);
    }
  }

  private static Object fromJson(
      String where, @Nullable Object json, Class<?> type, Type genericType)
      throws BadSnapshotException {
    if (type == int.class || type == Integer.class) {
      return (int) number(where, json, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class || type == Long.class) {
      return number(where, json, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if ((type == boolean.class || type == Boolean.class) && json instanceof Boolean) {
      return json;
    }
    if (type == String.class && json instanceof String) {
      return json;
    }
    if (type == byte[].class && json instanceof String text) {
      try {
        return Base64.getDecoder().decode(text);
      } catch (IllegalArgumentException e) {
        throw new BadSnapshotException(where + " is not base64.", e);
      }
    }
    if (type == int[].class && json instanceof List<?> list) {
      int[] numbers = new int[list.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (int) number(where, list.get(i), Integer.MIN_VALUE, Integer.MAX_VALUE);
      }
      return numbers;
    }
    if (type == long[].class && json instanceof List<?> list) {
      long[] numbers = new long[list.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = number(where, list.get(i), Long.MIN_VALUE, Long.MAX_VALUE);
      }
      return numbers;
    }
    if (type.isRecord() && json instanceof JsonObject object) {
      return read(where, object, type.asSubclass(Record.class));
    }
    if (type == List.class && json instanceof List<?> list) {
      Class<?> element = argument(genericType, 0);
      List<Object> elements = new ArrayList<>();
      for (Object item : list) {
        elements.add(fromJson(where + "[" + elements.size() + "]", item, element, element));
      }
      return List.copyOf(elements);
    }
    if (type == Map.class && json instanceof JsonObject object) {
      Class<?> element = argument(genericType, 1);
      Map<String, Object> map = new LinkedHashMap<>();
      for (Map.Entry<String, @Nullable Object> entry : object.fields().entrySet()) {
        map.put(
            entry.getKey(),
            fromJson(where + "." + entry.getKey(), entry.getValue(), element, element));
      }
      return map;
    }
    throw wrong(where, json, type.getSimpleName());
  }

  private static long number(String where, @Nullable Object json, long min, long max)
      throws BadSnapshotException {
    if (json instanceof Number number
        && !(json instanceof Double)
        && number.longValue() >= min
        && number.longValue() <= max) {
      return number.longValue();
    }
    throw wrong(where, json, "number from %d to %d".formatted(min, max));
  }

  private static BadSnapshotException wrong(String where, @Nullable Object json, String wanted) {
    return new BadSnapshotException(
        json == null
            ? where + " is missing."
            : "%s is no %s, but a %s.".formatted(where, wanted, json.getClass().getSimpleName()));
  }

  private static Class<?> argument(Type type, int index) {
    return (Class<?>) ((ParameterizedType) type).getActualTypeArguments()[index];
  }
}
