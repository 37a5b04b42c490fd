package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoublePredicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Lengths and checksums of sealed disk layers, in {@code sums/<layer>.json}: what is never written
 * again can be proved whole later. Layers of images have their digests there.
 */
public final class SealedSums {
  private static final int VERSION = 2;
  private static final int CHUNK = 1 << 20;

  private SealedSums() {}

  /**
   * What a sealed file holds.
   *
   * @param length bytes
   * @param crc32c of all of them
   */
  private record Sum(long length, long crc32c) {}

  static Path file(Path sums, String layer) {
    return sums.resolve(layer + ".json");
  }

  /**
   * Notes the sums of the layers that these disks are made of, as far as none is noted. The disks
   * are sealed; the VM may run.
   *
   * @param goOn told after each MiB which part of a layer is read; false ends it
   */
  public static void record(MachineFolder machine, List<DiskSpec> disks, DoublePredicate goOn)
      throws IOException {
    DiskLayers layers = new DiskLayers(machine.path());
    for (DiskSpec disk : disks) {
      if (Disks.inPlace(disk)) {
        continue;
      }
      String top = String.valueOf(layers.file(disk).getFileName());
      for (String name = top; name != null; name = layers.baseOf(name)) {
        Path file = file(machine.sums(), name);
        if (DiskLayers.ofImage(name) || Files.exists(file)) {
          break;
        }
        if (!record(machine, name, goOn)) {
          return;
        }
      }
    }
  }

  /**
   * Notes the sum of one layer, which is sealed; one that was exchanged meanwhile gets none.
   *
   * @return whether it was not called off
   */
  static boolean record(MachineFolder machine, String layer, DoublePredicate goOn)
      throws IOException {
    Path sealed = new DiskLayers(machine.path()).folder().resolve(layer);
    Object key = key(sealed);
    Sum sum = compute(sealed, goOn);
    if (sum == null) {
      return false;
    }
    DurableFiles.makeFolders(machine.sums());
    Path file = file(machine.sums(), layer);
    write(file, sum);
    if (!key(sealed).equals(key)) {
      DurableFiles.delete(file);
    }
    return true;
  }

  private static Object key(Path file) throws IOException {
    return String.valueOf(
        Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class).fileKey());
  }

  /** What a layer turned out to be. */
  enum Verdict {
    /** As it was sealed. */
    WHOLE,
    /** Not as it was sealed. */
    DAMAGED,
    /** No sum is noted of it. */
    UNKNOWN,
    /** Reading was called off. */
    CALLED_OFF
  }

  /**
   * Reads a sealed layer again.
   *
   * @throws JsonException when the note itself is damaged
   */
  static Verdict verify(MachineFolder machine, String layer, DoublePredicate goOn)
      throws IOException, JsonException {
    JsonObject json;
    try {
      byte[] text = Files.readAllBytes(file(machine.sums(), layer));
      json = CheckedJson.read(text, VERSION, 2);
    } catch (NoSuchFileException e) {
      return Verdict.UNKNOWN;
    }
    Sum noted =
        new Sum(json.number("length", 0, Long.MAX_VALUE), json.number("crc32c", 0, 0xffff_ffffL));
    Sum now = compute(new DiskLayers(machine.path()).folder().resolve(layer), goOn);
    if (now == null) {
      return Verdict.CALLED_OFF;
    }
    return now.equals(noted) ? Verdict.WHOLE : Verdict.DAMAGED;
  }

  private static void write(Path file, Sum sum) throws IOException {
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("length", sum.length())
            .put("crc32c", sum.crc32c());
    DurableFiles.write(file, CheckedJson.write(json));
  }

  /** Reads a whole file; null when that was called off. */
  private static @Nullable Sum compute(Path file, DoublePredicate goOn) throws IOException {
    long length = Files.size(file);
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    for (long at = 0; at < length; ) {
      int n = DiskFile.peek(file, at, buffer.clear());
      if (n == 0) {
        break;
      }
      crc.update(buffer.flip());
      at += n;
      if (!goOn.test((double) at / length)) {
        return null;
      }
    }
    return new Sum(length, crc.getValue());
  }
}
