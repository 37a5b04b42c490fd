package io.vivarium.client.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code /proc/meminfo} says (proc(5)). */
public final class HostMemory {
  private HostMemory() {}

  /** Bytes of RAM. */
  public static long total() {
    return field("MemTotal:");
  }

  /** Bytes that a new program could use without swapping. */
  public static long available() {
    return field("MemAvailable:");
  }

  private static long field(String name) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith(name)) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
    return Long.MAX_VALUE;
  }
}
