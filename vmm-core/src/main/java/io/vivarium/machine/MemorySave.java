package io.vivarium.machine;

import io.vivarium.kvm.KvmVm;
import io.vivarium.linux.Fd;
import io.vivarium.memory.LayerReader;
import io.vivarium.memory.LayerWriter;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Saves a machine's memory into a new layer. Most of it is written while the guest runs ({@link
 * #copyAhead}); what it changes meanwhile is written again, and only the last of that while it
 * stands still ({@link #finish}).
 */
final class MemorySave implements AutoCloseable {
  /** Pages that are written so fast that one more round would not pay. */
  private static final int FEW = 256;

  private static final int MOST_ROUNDS = 8;

  /**
   * Layers that saved memory may be spread over: the next save holds all of it again, so that
   * snapshots can be taken for ever, and be opened.
   */
  private static final int MOST_LAYERS = 1024;

  /** Mappings made while the guest stands still. */
  private static final int MOST_PLACED = 512;

  private final GuestRam ram;
  private final MemoryLayers layers;
  private final LayerWriter writer;
  private final DirtyPages dirty;
  private final BitSet stored = new BitSet();
  private BitSet left = new BitSet();
  private boolean placed;

  private MemorySave(GuestRam ram, MemoryLayers layers, LayerWriter writer, DirtyPages dirty) {
    this.ram = ram;
    this.layers = layers;
    this.writer = writer;
    this.dirty = dirty;
  }

  /**
   * Begins. No vCPU and no device may run meanwhile.
   *
   * @param beside the file in which the layer grows
   */
  static MemorySave start(GuestRam ram, KvmVm vm, MemoryLayers layers, Path beside)
      throws IOException {
    MemoryMap base = ram.base();
    if (base != null && (base.layers().size() >= MOST_LAYERS || !present(layers, base))) {
      ram.rebase(null);
    }
    LayerWriter writer = new LayerWriter(layers, beside, ram.pages(), ram.base());
    try {
      return new MemorySave(ram, layers, writer, DirtyPages.track(vm, ram.memory()));
    } catch (IOException | RuntimeException e) {
      writer.close();
      throw e;
    }
  }

  private static boolean present(MemoryLayers layers, MemoryMap base) {
    return base.layers().stream().allMatch(layer -> Files.exists(layers.data(layer.id())));
  }

  /** Writes what there is, while the guest runs, until little is left or it is no use. */
  void copyAhead() throws IOException {
    BitSet next = ram.written();
    int last = Integer.MAX_VALUE;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      store(next);
      next = dirty.byVcpus();
      int count = next.cardinality();
      if (count <= FEW || count > last / 4 * 3) {
        break;
      }
      last = count;
    }
    left = next;
  }

  private void store(BitSet pages) throws IOException {
    int high = ram.highStart();
    for (int from = pages.nextSetBit(0); from >= 0; from = pages.nextSetBit(from)) {
      int to = pages.nextClearBit(from);
      if (from < high && to > high) {
        to = high;
      }
      writer.store(from, ram.host(from, to - from));
      stored.set(from, to);
      from = to;
    }
  }

  /**
   * Writes the rest, and puts the layer behind the pages that it holds: they count as not written
   * from then on. No vCPU and no device may run.
   */
  void finish() throws IOException {
    left.or(dirty.byVcpus());
    left.or(dirty.byDevices());
    store(left);
    placed = true;
    List<MemoryMap.Run> runs = new ArrayList<>(runs());
    int most = ram.mayPlace(MOST_PLACED);
    if (runs.size() > most) {
      // Where the others are kept apart from a file costs a comparison at the next save.
      runs.sort(Comparator.comparingInt(MemoryMap.Run::count).reversed());
      runs.subList(most, runs.size()).clear();
    }
    placeAll(runs);
  }

  private void placeAll(List<MemoryMap.Run> runs) throws IOException {
    MemoryMap base = ram.base();
    @Nullable Fd[] files = new Fd[base == null ? 0 : base.layers().size()];
    try {
      for (MemoryMap.Run run : runs) {
        Fd file = writer.fd();
        if (base != null && run.layer() < files.length) {
          file = files[run.layer()];
          if (file == null) {
            file = LayerReader.map(layers, base, run.layer());
            files[run.layer()] = file;
          }
        }
        ram.place(run.first(), run.count(), file);
      }
    } finally {
      for (Fd file : files) {
        if (file != null) {
          file.close();
        }
      }
    }
  }

  /** Runs of pages of one layer with a page in them that was stored; the new layer is the last. */
  private List<MemoryMap.Run> runs() {
    List<MemoryMap.Run> runs = new ArrayList<>();
    int high = ram.highStart();
    int from = stored.nextSetBit(0);
    while (from >= 0) {
      int layer = layer(from);
      int end = from < high ? high : ram.pages();
      int to = from + 1;
      int lastStored = from;
      // Over pages that were not stored, as long as the layer stays the same.
      while (to < end && layer(to) == layer) {
        if (stored.get(to)) {
          lastStored = to;
        }
        to++;
      }
      runs.add(new MemoryMap.Run(from, lastStored + 1 - from, layer));
      from = stored.nextSetBit(lastStored + 1);
    }
    return runs;
  }

  private int layer(int page) {
    MemoryMap base = ram.base();
    if (writer.isNew(page) || base == null) {
      return base == null ? 0 : base.layers().size();
    }
    return base.layerOf(page);
  }

  /** Makes it durable, but for the layer's name. The guest may run. */
  MemoryMap seal(byte[] state, Path folder) throws IOException {
    dirty.close();
    MemoryMap map = writer.seal(state, folder);
    ram.rebase(map);
    return map;
  }

  /** Gives the layer its name. */
  void name() throws IOException {
    writer.name();
    placed = false;
  }

  /** Ends it; what has no name is gone. */
  @Override
  public void close() {
    if (placed) {
      // The files behind the pages will be gone, though not before their mappings.
      ram.rebase(null);
    }
    dirty.close();
    writer.close();
  }
}
