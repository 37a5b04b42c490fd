package io.vivarium.memory;

import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Compares all pages of a map with their checksums. */
public final class MemoryVerifier {
  private static final int PAGE = MemoryLayers.PAGE;
  private static final int BLOCK = 256;

  /** Pages of a layer, {@code from} to {@code to - 1} of its sums, that a thread takes at once. */
  private record Piece(int layer, LayerSums sums, int from, int to) {}

  private static final int PIECE = 4096;

  /** Which pages of a layer must be right. */
  private interface Reads {
    boolean page(int layer, int page);
  }

  private final MemoryLayers layers;
  private final List<MemoryMap.Layer> refs;
  private final int ramPages;
  private final Reads reads;

  private MemoryVerifier(
      MemoryLayers layers, List<MemoryMap.Layer> refs, int ramPages, Reads reads) {
    this.layers = layers;
    this.refs = refs;
    this.ramPages = ramPages;
    this.reads = reads;
  }

  /** Reads everything, with two threads: more would wait for memory. */
  public static void verify(MemoryLayers layers, MemoryMap map) throws IOException {
    new MemoryVerifier(
            layers, map.layers(), map.pages(), (layer, page) -> map.layerOf(page) == layer)
        .verify();
  }

  /**
   * Reads one layer, for all maps that read from it.
   *
   * @param read the pages that they do
   */
  public static void verify(MemoryLayers layers, MemoryMap.Layer ref, int ramPages, BitSet read)
      throws IOException {
    new MemoryVerifier(layers, List.of(ref), ramPages, (layer, page) -> read.get(page)).verify();
  }

  private void verify() throws IOException {
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < refs.size(); i++) {
      open(i).close();
      LayerSums sums = LayerSums.read(layers, refs.get(i), ramPages);
      for (int from = 0; from < sums.pages().length; from += PIECE) {
        pieces.add(new Piece(i, sums, from, Math.min(from + PIECE, sums.pages().length)));
      }
      verifyHoles(i, sums);
    }
    AtomicInteger next = new AtomicInteger();
    AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    Runnable work = () -> work(pieces, next, failure);
    Thread helper = Thread.ofPlatform().daemon().name("checksums").start(work);
    work.run();
    join(helper);
    IOException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  private void work(
      List<Piece> pieces, AtomicInteger next, AtomicReference<@Nullable IOException> failure) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK * PAGE);
    for (int i = next.getAndIncrement();
        i < pieces.size() && failure.get() == null;
        i = next.getAndIncrement()) {
      try {
        verify(pieces.get(i), buffer);
      } catch (IOException e) {
        failure.compareAndSet(null, e);
      }
    }
  }

  private void verify(Piece piece, ByteBuffer buffer) throws IOException {
    Path path = path(piece.layer());
    int[] pages = piece.sums().pages();
    CRC32C crc = new CRC32C();
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      int i = piece.from();
      while (i < piece.to()) {
        int count = 1;
        while (i + count < piece.to() && count < BLOCK && pages[i + count] == pages[i] + count) {
          count++;
        }
        read(file, path, pages[i], count, buffer);
        for (int k = 0; k < count; k++) {
          crc.reset();
          crc.update(buffer.limit((k + 1) * PAGE).position(k * PAGE));
          // What no map reads any more may have become a hole.
          if (reads.page(piece.layer(), pages[i + k])
              && (int) crc.getValue() != piece.sums().crcs()[i + k]) {
            throw new DamagedMemoryException(
                "%s is damaged: the checksum of page %d is wrong.".formatted(path, pages[i + k]));
          }
        }
        i += count;
      }
    }
  }

  /** Pages that a layer does not hold must read as zeroes. */
  private void verifyHoles(int layer, LayerSums sums) throws IOException {
    Path path = path(layer);
    ByteBuffer buffer = ByteBuffer.allocateDirect(PAGE);
    int held = 0;
    try (Fd fd = open(layer);
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      long data = LinuxFiles.seekData(fd, 0);
      while (data >= 0) {
        long end = LinuxFiles.seekHole(fd, data);
        for (int page = (int) (data / PAGE); page < end / PAGE; page++) {
          while (held < sums.pages().length && sums.pages()[held] < page) {
            held++;
          }
          boolean isHeld = held < sums.pages().length && sums.pages()[held] == page;
          if (!isHeld && reads.page(layer, page)) {
            read(file, path, page, 1, buffer);
            while (buffer.hasRemaining()) {
              if (buffer.getLong() != 0) {
                throw new DamagedMemoryException(
                    "%s is damaged: page %d should be zero.".formatted(path, page));
              }
            }
          }
        }
        data = LinuxFiles.seekData(fd, end);
      }
    }
  }

  private static void read(FileChannel file, Path path, int page, int count, ByteBuffer buffer)
      throws IOException {
    buffer.clear().limit(count * PAGE);
    long at = (long) page * PAGE;
    while (buffer.hasRemaining()) {
      int some = file.read(buffer, at);
      if (some < 0) {
        throw new DamagedMemoryException(path + " is damaged: it was cut.");
      }
      at += some;
    }
    buffer.flip();
  }

  private Fd open(int layer) throws IOException {
    return LayerReader.open(layers, refs.get(layer), (long) ramPages * PAGE);
  }

  private Path path(int layer) {
    return layers.data(refs.get(layer).id());
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
