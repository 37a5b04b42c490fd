package io.vivarium.images.recipe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Kernel modules and what they depend on, as modpost writes it into their section {@code .modinfo}:
 * NUL-terminated {@code key=value}, among them {@code depends=a,b}.
 */
final class KernelModules {
  private static final int SECTION_HEADER = 64;
  private static final byte[] ELF_MAGIC = {0x7f, 'E', 'L', 'F', 2, 1};

  private final Map<String, byte[]> modules = new TreeMap<>();

  /** A module's name as the kernel has it: no folder, no {@code .ko}, {@code _} for {@code -}. */
  static String name(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    return file.replaceFirst("\\.ko$", "").replace('-', '_');
  }

  void add(String name, byte[] content) {
    modules.put(name, content);
  }

  /** All that were added, by name. */
  Map<String, byte[]> all() {
    return modules;
  }

  /** What the modules depend on and was not added. */
  List<String> missing() {
    return modules.keySet().stream()
        .flatMap(m -> depends(content(m)).stream())
        .filter(d -> !modules.containsKey(d))
        .distinct()
        .toList();
  }

  /** The lines of {@code modules.dep}: nearest dependency first, as modprobe loads from the end. */
  String dependencyFile() {
    StringBuilder lines = new StringBuilder();
    for (String name : modules.keySet()) {
      List<String> order = new ArrayList<>();
      collect(name, order);
      order.remove(name);
      lines.append(name).append(".ko:");
      order.reversed().forEach(d -> lines.append(' ').append(d).append(".ko"));
      lines.append('\n');
    }
    return lines.toString();
  }

  /** Appends a module after all that it needs. */
  private void collect(String name, List<String> order) {
    if (order.contains(name)) {
      return;
    }
    for (String dependency : depends(content(name))) {
      collect(dependency, order);
    }
    order.add(name);
  }

  private byte[] content(String name) {
    byte[] content = modules.get(name);
    if (content == null) {
      throw new IllegalStateException("module " + name + " was not added");
    }
    return content;
  }

  /**
   * Names of the modules that this one needs, or none where the file is no module.
   *
   * @param module an ELF64 little-endian object file (System V gABI, chapter 4)
   */
  static List<String> depends(byte[] module) {
    ByteBuffer elf = ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN);
    if (module.length < SECTION_HEADER || !startsWith(module, ELF_MAGIC)) {
      return List.of();
    }
    long table = elf.getLong(40); // e_shoff
    int count = Short.toUnsignedInt(elf.getShort(60)); // e_shnum
    int namesIndex = Short.toUnsignedInt(elf.getShort(62)); // e_shstrndx
    if (table < 0 || table > module.length - (long) count * SECTION_HEADER || namesIndex >= count) {
      return List.of();
    }
    String names = section(elf, (int) table + namesIndex * SECTION_HEADER);
    for (int i = 0; i < count; i++) {
      int header = (int) table + i * SECTION_HEADER;
      int name = elf.getInt(header);
      if (name >= 0 && names.startsWith(".modinfo\0", name)) {
        return dependsIn(section(elf, header));
      }
    }
    return List.of();
  }

  private static List<String> dependsIn(String modinfo) {
    for (String pair : modinfo.split("\0")) {
      if (pair.startsWith("depends=") && pair.length() > "depends=".length()) {
        return List.of(pair.substring("depends=".length()).replace('-', '_').split(","));
      }
    }
    return List.of();
  }

  /** A section's bytes as Latin-1, empty where they are not in the file. */
  private static String section(ByteBuffer elf, int header) {
    long offset = elf.getLong(header + 24);
    long size = elf.getLong(header + 32);
    if (offset < 0 || size < 0 || offset > elf.capacity() || size > elf.capacity() - offset) {
      return "";
    }
    byte[] content = new byte[(int) size];
    elf.get((int) offset, content);
    return new String(content, StandardCharsets.ISO_8859_1);
  }

  private static boolean startsWith(byte[] content, byte[] magic) {
    for (int i = 0; i < magic.length; i++) {
      if (content[i] != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
