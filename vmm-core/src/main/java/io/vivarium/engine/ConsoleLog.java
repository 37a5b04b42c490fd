package io.vivarium.engine;

import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** {@code run/console.log}: at most 4 MiB in two files, begun anew at each start. */
final class ConsoleLog implements AutoCloseable {
  private static final long PART = 2L << 20;

  private final MachineFolder folder;
  private FileChannel channel;
  private long size;

  ConsoleLog(MachineFolder folder) throws IOException {
    this.folder = folder;
    Files.deleteIfExists(folder.olderConsoleLog());
    this.channel = create();
  }

  private FileChannel create() throws IOException {
    size = 0;
    return FileChannel.open(
        folder.consoleLog(),
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }

  /** Appends. A full disk costs log lines, never the guest. */
  void append(byte[] data) {
    try {
      if (size > PART) {
        channel.close();
        Files.move(
            folder.consoleLog(), folder.olderConsoleLog(), StandardCopyOption.REPLACE_EXISTING);
        channel = create();
      }
      ByteBuffer bytes = ByteBuffer.wrap(data);
      while (bytes.hasRemaining()) {
        size += channel.write(bytes);
      }
    } catch (IOException e) {
      size = Math.max(size, 0);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing more is written.
    }
  }
}
