package io.vivarium.kvm.abi;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** All of this package's numbers by the C expression that must give the same. */
final class AbiConstants {
  private AbiConstants() {}

  /** C expression to value: "KVM_RUN", "sizeof(struct kvm_regs)", "offsetof(...)". */
  static Map<String, Long> all() throws IllegalAccessException {
    Map<String, Long> constants = new TreeMap<>();
    for (Class<?> macros : new Class<?>[] {KvmRequests.class, KvmCaps.class, KvmConstants.class}) {
      for (Field field : macros.getFields()) {
        if (Modifier.isStatic(field.getModifiers())) {
          constants.put(field.getName(), ((Number) field.get(null)).longValue());
        }
      }
    }
    for (Class<?> structs : new Class<?>[] {VcpuStructs.class, VmStructs.class}) {
      for (Class<?> struct : structs.getClasses()) {
        String type = "struct kvm_" + snake(struct.getSimpleName());
        for (Field field : struct.getFields()) {
          String member = field.getName().toLowerCase(Locale.ROOT).replace("__", ".");
          String expression =
              field.getName().equals("SIZE")
                  ? "sizeof(%s)".formatted(type)
                  : "offsetof(%s, %s)".formatted(type, member);
          constants.put(expression, (long) field.getInt(null));
        }
      }
    }
    return constants;
  }

  private static String snake(String camel) {
    return camel.replaceAll("(?<=[a-z0-9])([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }
}
