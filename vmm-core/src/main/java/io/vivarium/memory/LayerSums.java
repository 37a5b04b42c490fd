package io.vivarium.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * The checksums of the pages that a layer holds: file {@code <id>.sums}, little-endian: magic,
 * version, pages of RAM, number of pages held; for each its number, ascending; for each its CRC32C;
 * at last the CRC32C of all before.
 */
@SuppressWarnings("ArrayRecordComponent") // made once, never changed
public record LayerSums(int ramPages, int[] pages, int[] crcs) {
  private static final byte[] MAGIC = "VIVALSUM".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER = 20;

  /** Bytes of the file of a layer that holds every page of 512 GiB. */
  private static final long MAX_BYTES = HEADER + 8L * MemoryMap.MAX_PAGES + 4;

  /**
   * Writes the file, durably.
   *
   * @return its own CRC32C, by which a {@link MemoryMap} knows it
   */
  int write(Path file) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER + 8 * pages.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).putInt(VERSION).putInt(ramPages).putInt(pages.length);
    bytes.asIntBuffer().put(pages).put(crcs);
    bytes.position(HEADER + 8 * pages.length);
    int crc = Checksums.of(bytes.duplicate().flip());
    bytes.putInt(crc).flip();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    return crc;
  }

  /**
   * Reads and checks a file.
   *
   * @param ref what the map says of the layer; its checksum must be the file's
   */
  public static LayerSums read(MemoryLayers layers, MemoryMap.Layer ref, int ramPages)
      throws IOException {
    Path file = layers.sums(ref.id());
    byte[] content;
    try {
      long size = Files.size(file);
      if (size < HEADER + 4 || size > MAX_BYTES) {
        throw damaged(file, "it has " + size + " bytes");
      }
      content = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw damaged(file, "it is missing");
    }
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int end = content.length - 4;
    int crc = Checksums.of(bytes.duplicate().limit(end));
    if (crc != bytes.getInt(end) || !Arrays.equals(content, 0, 8, MAGIC, 0, 8)) {
      throw damaged(file, "its own checksum is wrong");
    }
    if (crc != ref.sumsCrc()) {
      throw damaged(file, "it belongs to another save");
    }
    int version = bytes.getInt(8);
    int pages = bytes.getInt(12);
    int count = bytes.getInt(16);
    if (version != VERSION || pages != ramPages || count < 0 || end != HEADER + 8L * count) {
      throw damaged(file, "its sizes contradict each other");
    }
    int[] numbers = new int[count];
    int[] crcs = new int[count];
    bytes.position(HEADER);
    bytes.asIntBuffer().get(numbers).get(crcs);
    for (int i = 0; i < count; i++) {
      if (numbers[i] < 0 || numbers[i] >= pages || (i > 0 && numbers[i] <= numbers[i - 1])) {
        throw damaged(file, "its pages are out of order");
      }
    }
    return new LayerSums(pages, numbers, crcs);
  }

  private static DamagedMemoryException damaged(Path file, String why) {
    return new DamagedMemoryException("%s is damaged: %s.".formatted(file, why));
  }
}
