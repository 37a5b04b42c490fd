package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
  private static final int VERSION = 1;
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
      for (String name : layers.chain(disk)) {
        Path file = file(machine.sums(), name);
        if (DiskLayers.ofImage(name) || Files.exists(file)) {
          break;
        }
        Sum sum = compute(layers.folder().resolve(name), goOn);
        if (sum == null) {
          return;
        }
        DurableFiles.makeFolders(machine.sums());
        write(file, sum);
      }
    }
  }

  private static void write(Path file, Sum sum) throws IOException {
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("length", sum.length())
            .put("crc32c", sum.crc32c());
    DurableFiles.write(file, Json.pretty(json).getBytes(StandardCharsets.UTF_8));
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
