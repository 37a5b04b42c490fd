package io.vivarium.library;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;

/** The newest lines of a console's log, as plain text. */
public final class ConsoleTail {
  private static final int LINES = 12;
  private static final int BYTES = 8192;

  /** ECMA-48 control sequences: CSI, OSC, and single escapes. */
  private static final Pattern CONTROL =
      Pattern.compile(
          "\u001b\\[[0-?]*[ -/]*[@-~]|\u001b\\][^\u0007\u001b]*(?:\u0007|\u001b\\\\)|\u001b[ -~]");

  private ConsoleTail() {}

  /** At most 12 lines joined by '\n', oldest first; empty when there is no log. */
  public static String of(Path log) {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      long size = channel.size();
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(size, BYTES));
      long position = size - buffer.capacity();
      while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) > 0) {}
      return of(buffer.array(), buffer.position());
    } catch (IOException e) {
      return "";
    }
  }

  /** The same of bytes in memory. */
  public static String of(byte[] console, int length) {
    int from = Math.max(0, length - BYTES);
    String text = new String(console, from, length - from, StandardCharsets.UTF_8);
    List<String> lines =
        CONTROL
            .matcher(text)
            .replaceAll("")
            .lines()
            .map(ConsoleTail::clean)
            .filter(line -> !line.isBlank())
            .toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
  }

  /** What a line shows after its last carriage return, without control characters. */
  private static String clean(String line) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c >= ' ' && c != 127 && c != '\ufffd') {
        shown.append(c);
      }
    }
    return shown.toString();
  }
}
