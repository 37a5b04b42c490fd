package io.vivarium.client.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The lines that were added to a growing file since the last look. */
final class LineTail {
  private static final int MOST = 256 << 10;

  private final Path file;
  private long position;

  LineTail(Path file) {
    this.file = file;
  }

  /** Whole lines only; what has no line feed yet comes next time. */
  List<String> newLines() {
    List<String> lines = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() < position) {
        position = 0;
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(MOST, channel.size() - position));
      channel.read(buffer, position);
      String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
      int whole = text.lastIndexOf('\n') + 1;
      position += whole;
      text.substring(0, whole).lines().forEach(lines::add);
    } catch (IOException e) {
      return lines;
    }
    return lines;
  }
}
