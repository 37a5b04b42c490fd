package io.vivarium.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The lifecycle that every device passes: a test class implements this and says how its device is
 * made and used.
 */
public interface DeviceContract<S extends Record, D extends Device<S>> {
  /** A new device, as the assembly makes it; not running yet. */
  D create() throws Exception;

  /** Brings a running device into a state that is worth saving; must not throw in any state. */
  void exercise(D device) throws Exception;

  @Test
  default void hasAnIdAndStateType() throws Exception {
    try (D device = create()) {
      assertThat(device.id()).isNotBlank();
      assertThat(device.save()).isInstanceOf(device.stateType());
      assertThat(device.stateType().getRecordComponents()[0].getName()).isEqualTo("version");
    }
  }

  @Test
  default void restoredDeviceSavesTheSame() throws Exception {
    try (D device = create();
        D other = create()) {
      S saved = used(device);
      other.restore(saved);
      assertSame(other.save(), saved);
      other.resume();
      exercise(other);
      other.pause();
    }
  }

  @Test
  default void savedStateDoesNotChangeWithTheDevice() throws Exception {
    try (D device = create();
        D other = create()) {
      S saved = used(device);
      other.restore(saved);
      device.resume();
      exercise(device);
      device.pause();
      device.reset();
      assertSame(saved, other.save());
    }
  }

  @Test
  default void resetIsAsAfterPowerOn() throws Exception {
    try (D device = create();
        D fresh = create()) {
      used(device);
      device.reset();
      assertSame(device.save(), fresh.save());
    }
  }

  @Test
  default void pauseAndResumeMayBeRepeated() throws Exception {
    try (D device = create()) {
      device.pause();
      device.resume();
      device.resume();
      exercise(device);
      device.pause();
      device.pause();
      S saved = device.save();
      assertSame(device.save(), saved);
    }
  }

  @Test
  default void unknownVersionIsRefused() throws Exception {
    try (D device = create()) {
      S saved = used(device);
      S other = with(saved, 0, 12345);
      assertThatThrownBy(() -> device.restore(other))
          .isInstanceOf(BadStateException.class)
          .hasMessageContaining("version");
    }
  }

  /**
   * Each field in turn is what an enemy would write; nothing else than a refusal may come of it.
   */
  @Test
  default void hostileStateIsRefusedWholeOrTaken() throws Exception {
    S good;
    try (D device = create()) {
      good = used(device);
    }
    for (Record hostile : mutants(good)) {
      try (D device = create()) {
        S before = device.save();
        try {
          device.restore(device.stateType().cast(hostile));
        } catch (BadStateException refused) {
          assertThat(refused.getMessage()).contains(device.id());
          assertSame(device.save(), before);
          continue;
        }
        device.resume();
        exercise(device);
        device.pause();
        device.save();
      }
    }
  }

  private S used(D device) throws Exception {
    device.resume();
    exercise(device);
    device.pause();
    return device.save();
  }

  private static void assertSame(Record actual, Record expected) {
    assertThat(actual)
        .usingRecursiveComparison()
        .ignoringFieldsMatchingRegexes(".*[tT]imer", ".*flagsReadAt")
        .isEqualTo(expected);
  }

  private static List<Record> mutants(Record record) throws Exception {
    List<Record> mutants = new ArrayList<>();
    RecordComponent[] components = record.getClass().getRecordComponents();
    for (int i = 0; i < components.length; i++) {
      components[i].getAccessor().setAccessible(true);
      Object value = components[i].getAccessor().invoke(record);
      for (Object hostile : hostileValues(components[i].getType(), value)) {
        mutants.add(with(record, i, hostile));
      }
    }
    return mutants;
  }

  private static List<@Nullable Object> hostileValues(Class<?> type, @Nullable Object value)
      throws Exception {
    List<@Nullable Object> values = new ArrayList<>();
    if (type == int.class) {
      int old = value instanceof Integer number ? number : 0;
      values.addAll(
          List.of(Integer.MIN_VALUE, -2, -1, 0, 1, 17, 0xff, 0x100, 0xffff, 0x10000, 32769));
      values.addAll(List.of(Integer.MAX_VALUE, old + 1, old ^ 0x80));
    } else if (type == long.class) {
      values.addAll(List.of(Long.MIN_VALUE, -1L, 0L, 1L, 0xffff_ffffL, 1L << 40, Long.MAX_VALUE));
      values.addAll(List.of(0xdead_beef_0123L, Long.MAX_VALUE - 4095));
    } else if (type == boolean.class) {
      values.addAll(List.of(true, false));
    } else {
      values.add(null);
      switch (value) {
        case byte[] bytes -> {
          byte[] ones = new byte[bytes.length];
          Arrays.fill(ones, (byte) 0xff);
          values.addAll(List.of(new byte[0], new byte[1 << 20], ones));
          values.add(Arrays.copyOf(bytes, bytes.length + 1));
        }
        case List<?> list -> {
          values.add(List.of());
          if (!list.isEmpty()) {
            List<Object> longer = new ArrayList<>(list);
            longer.add(list.getLast());
            values.add(longer);
            List<@Nullable Object> gap = new ArrayList<>(list);
            gap.set(0, null);
            values.add(gap);
            if (list.getFirst() instanceof Record first) {
              for (Record mutant : mutants(first)) {
                List<Object> changed = new ArrayList<>(list);
                changed.set(0, mutant);
                values.add(changed);
              }
            }
          }
        }
        case Record inner -> values.addAll(mutants(inner));
        case null, default -> {}
      }
    }
    return values;
  }

  @SuppressWarnings("unchecked")
  private static <R extends Record> R with(R record, int index, @Nullable Object value)
      throws Exception {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      components[i].getAccessor().setAccessible(true);
      values[i] = components[i].getAccessor().invoke(record);
    }
    setNullable(values, index, value);
    Constructor<?> constructor = record.getClass().getDeclaredConstructor(types);
    constructor.setAccessible(true);
    return (R) constructor.newInstance(values);
  }

  @SuppressWarnings("NullAway") // a missing field is one of the hostile values
  private static void setNullable(Object[] values, int index, @Nullable Object value) {
    values[index] = value;
  }
}
