package io.vivarium.memory;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads pages through a map. Layers are opened when first needed. */
public final class LayerReader implements AutoCloseable {
  private final MemoryLayers layers;
  private final MemoryMap map;
  private final @Nullable FileChannel[] open;

  public LayerReader(MemoryLayers layers, MemoryMap map) {
    this.layers = layers;
    this.map = map;
    this.open = new FileChannel[map.layers().size()];
  }

  /** Reads consecutive pages to the target's position, which moves. */
  public void read(int first, int count, ByteBuffer target) throws IOException {
    List<MemoryMap.Run> runs = map.runs(first, first + count);
    for (MemoryMap.Run run : runs) {
      FileChannel file = file(run.layer());
      long at = (long) run.first() * MemoryLayers.PAGE;
      int limit = target.limit();
      target.limit(target.position() + run.count() * MemoryLayers.PAGE);
      while (target.hasRemaining()) {
        int some = file.read(target, at);
        if (some < 0) {
          throw cut(run.layer());
        }
        at += some;
      }
      target.limit(limit);
    }
  }

  /** Writes all pages into a file of RAM's size that is all holes; what is a hole stays one. */
  public void copy(Path target) throws IOException {
    try (FileChannel to = FileChannel.open(target, StandardOpenOption.WRITE)) {
      for (MemoryMap.Run run : map.runs(0, map.pages())) {
        try (Fd data = map(layers, map, run.layer())) {
          long at = (long) run.first() * MemoryLayers.PAGE;
          long end = at + (long) run.count() * MemoryLayers.PAGE;
          copy(file(run.layer()), data, at, end, to);
        }
      }
    }
  }

  private static void copy(FileChannel from, Fd data, long start, long end, FileChannel to)
      throws IOException {
    long at = LinuxFiles.seekData(data, start);
    while (at >= 0 && at < end) {
      long hole = Math.min(end, LinuxFiles.seekHole(data, at));
      to.position(at);
      while (at < hole) {
        long some = from.transferTo(at, hole - at, to);
        if (some <= 0) {
          throw new IOException("saved memory was cut while it was read");
        }
        at += some;
      }
      at = LinuxFiles.seekData(data, at);
    }
  }

  private FileChannel file(int layer) throws IOException {
    FileChannel file = open[layer];
    if (file == null) {
      file = FileChannel.open(path(layer), StandardOpenOption.READ);
      open[layer] = file;
    }
    return file;
  }

  private Path path(int layer) {
    return layers.data(map.layers().get(layer).id());
  }

  private DamagedMemoryException cut(int layer) {
    return new DamagedMemoryException(path(layer) + " is damaged: it was cut.");
  }

  /** Opens a layer's file for mapping; refuses one that is shorter than RAM. */
  public static Fd map(MemoryLayers layers, MemoryMap map, int layer) throws IOException {
    return open(layers, map.layers().get(layer), map.ramBytes());
  }

  static Fd open(MemoryLayers layers, MemoryMap.Layer layer, long ramBytes) throws IOException {
    Path path = layers.data(layer.id());
    if (!java.nio.file.Files.isRegularFile(path)) {
      throw new DamagedMemoryException(path + " is missing.");
    }
    long size = java.nio.file.Files.size(path);
    if (size != ramBytes) {
      throw new DamagedMemoryException(
          "%s has %d bytes instead of %d: it was cut or exchanged."
              .formatted(path, size, ramBytes));
    }
    return openReadOnly(path);
  }

  private static Fd openReadOnly(Path path) throws ErrnoException {
    return Fd.open(path.toString(), Fd.O_RDONLY | Fd.O_CLOEXEC, 0);
  }

  @Override
  public void close() throws IOException {
    for (FileChannel file : open) {
      if (file != null) {
        file.close();
      }
    }
  }
}
