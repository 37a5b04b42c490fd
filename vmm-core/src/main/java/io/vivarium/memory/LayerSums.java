package io.vivarium.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The checksums of the pages that a layer holds: file {@code <id>.sums}, little-endian: magic,
 * version, pages of RAM, number of pages held; for each its number, ascending; for each its CRC32C;
 * at last the CRC32C of all before.
 */
@SuppressWarnings("ArrayRecordComponent") // made once, never changed
public record LayerSums(int ramPages, int[] pages, int[] crcs) {
  private static final byte[] MAGIC = "VIVALSUM".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER = 8;

  /** Contents for a layer that holds every page of the largest RAM. */
  private static final long MOST = HEADER + 8L * MemoryMap.MAX_PAGES;

  /**
   * Writes the file, durably.
   *
   * @return its own CRC32C, by which a {@link MemoryMap} knows it
   */
  int write(Path path) throws IOException {
    ByteBuffer file = SealedFile.allocate(MAGIC, VERSION, HEADER + 8 * pages.length);
    file.putInt(ramPages).putInt(pages.length);
    file.asIntBuffer().put(pages).put(crcs);
    return SealedFile.write(path, file.position(file.position() + 8 * pages.length));
  }

  /**
   * Reads and checks a file.
   *
   * @param ref what the map says of the layer; its checksum must be the file's
   */
  public static LayerSums read(MemoryLayers layers, MemoryMap.Layer ref, int ramPages)
      throws IOException {
    Path file = layers.sums(ref.id());
    SealedFile.Contents contents = SealedFile.read(file, MAGIC, VERSION, HEADER, MOST);
    if (contents.crc() != ref.sumsCrc()) {
      throw SealedFile.damaged(file, "it belongs to another save");
    }
    ByteBuffer bytes = contents.bytes();
    int pages = bytes.getInt();
    int count = bytes.getInt();
    if (pages != ramPages || count < 0 || bytes.remaining() != 8L * count) {
      throw SealedFile.damaged(file, "its sizes contradict each other");
    }
    int[] numbers = new int[count];
    int[] crcs = new int[count];
    bytes.asIntBuffer().get(numbers).get(crcs);
    for (int i = 0; i < count; i++) {
      if (numbers[i] < 0 || numbers[i] >= pages || (i > 0 && numbers[i] <= numbers[i - 1])) {
        throw SealedFile.damaged(file, "its pages are out of order");
      }
    }
    return new LayerSums(pages, numbers, crcs);
  }
}
