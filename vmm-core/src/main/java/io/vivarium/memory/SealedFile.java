package io.vivarium.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A file that is written once: little-endian, a magic of 8 bytes, a version, its contents, and at
 * last the CRC32C of all before.
 */
final class SealedFile {
  private static final int HEADER = 12;
  private static final int CRC = 4;

  private SealedFile() {}

  /**
   * What a file holds.
   *
   * @param bytes its contents, between version and checksum
   * @param crc its checksum
   */
  record Contents(ByteBuffer bytes, int crc) {}

  /** Room for so many bytes of contents, which go from its position on. */
  static ByteBuffer allocate(byte[] magic, int version, int bytes) {
    ByteBuffer file = ByteBuffer.allocate(HEADER + bytes + CRC).order(ByteOrder.LITTLE_ENDIAN);
    return file.put(magic).putInt(version);
  }

  /** Writes a file that is full but for its checksum, durably; returns that. */
  static int write(Path path, ByteBuffer file) throws IOException {
    int crc = Checksums.of(file.duplicate().flip());
    file.putInt(crc).flip();
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (file.hasRemaining()) {
        channel.write(file);
      }
      channel.force(true);
    }
    return crc;
  }

  /**
   * Reads a file, and checks what this class knows of it; the contents are still hostile.
   *
   * @param least bytes of contents
   * @param most bytes of contents
   */
  static Contents read(Path path, byte[] magic, int version, int least, long most)
      throws IOException {
    byte[] all;
    try {
      long size = Files.size(path) - HEADER - CRC;
      if (size < least || size > most) {
        throw damaged(path, "it has " + Files.size(path) + " bytes");
      }
      all = Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw new DamagedMemoryException(path + " is missing.");
    }
    ByteBuffer file = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
    int end = all.length - CRC;
    int crc = file.getInt(end);
    if (crc != Checksums.of(file.duplicate().limit(end))
        || !Arrays.equals(all, 0, magic.length, magic, 0, magic.length)) {
      throw damaged(path, "its own checksum is wrong");
    }
    int itsVersion = file.getInt(magic.length);
    if (itsVersion != version) {
      throw new DamagedMemoryException(
          "%s has version %d; this program reads %d.".formatted(path, itsVersion, version));
    }
    ByteBuffer bytes = file.position(HEADER).limit(end).slice().order(ByteOrder.LITTLE_ENDIAN);
    return new Contents(bytes, crc);
  }

  static DamagedMemoryException damaged(Path path, String why) {
    return new DamagedMemoryException("%s is damaged: %s.".formatted(path, why));
  }
}
