package io.vivarium.library;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names a warm snapshot by all that it depends on. */
public final class WarmKey {
  /** Raised when what machines save changes, so that older ones are not looked at. */
  private static final String FORMAT = "6";

  private WarmKey() {}

  /**
   * {@code <image>-<MiB>-<CPUs>-<host>}, where the host is its processor and its kernel, and with a
   * network {@code -<network>}.
   */
  public static String of(String digest, long memoryBytes, int cpus, String network) {
    String key = prefix(digest) + "-" + (memoryBytes >> 20) + "-" + cpus + "-" + host();
    return network.equals("none") ? key : key + "-" + network;
  }

  /** What the names of all warm snapshots of an image begin with. */
  public static String prefix(String digest) {
    String hex = digest.substring(digest.indexOf(':') + 1);
    return hex.substring(0, Math.min(16, hex.length()));
  }

  private static String host() {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      hash.update(FORMAT.getBytes(StandardCharsets.UTF_8));
      hash.update(firstCpu().getBytes(StandardCharsets.UTF_8));
      hash.update(Files.readAllBytes(Path.of("/proc/sys/kernel/osrelease")));
      return HexFormat.of().formatHex(hash.digest(), 0, 6);
    } catch (NoSuchAlgorithmException | IOException e) {
      return "unknown";
    }
  }

  /** Model and flags of the first processor. */
  private static String firstCpu() throws IOException {
    StringBuilder text = new StringBuilder();
    try (var lines = Files.newBufferedReader(Path.of("/proc/cpuinfo"))) {
      String line = lines.readLine();
      while (line != null && !line.isBlank()) {
        if (line.startsWith("model name") || line.startsWith("flags")) {
          text.append(line).append('\n');
        }
        line = lines.readLine();
      }
    }
    return text.toString();
  }
}
