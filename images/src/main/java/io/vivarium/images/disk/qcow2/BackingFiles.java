package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Opens the backing files that images name. An image may come from anywhere, so what it names is
 * opened only when it is a relative path that ends, links resolved, inside the store's folder, is
 * no file of the chain so far, and its format is named.
 */
public final class BackingFiles {
  /** Deeper chains than this are refused. */
  public static final int MAX_DEPTH = 1024;

  /** "nbd://...", "json:{...}": QEMU's other ways to name a disk. */
  private static final Pattern PROTOCOL = Pattern.compile("[a-zA-Z0-9+.-]+:.*");

  private final @Nullable Path store;
  private final List<Path> chain;

  private final boolean indexes;

  /** Names of the store's files; null: each that an index tells of is looked at. */
  private final @Nullable Set<String> listed;

  private BackingFiles(
      @Nullable Path store, List<Path> chain, boolean indexes, @Nullable Set<String> listed) {
    this.store = store;
    this.chain = chain;
    this.indexes = indexes;
    this.listed = listed;
  }

  /** Allows backing files inside a folder, at any depth in it. */
  public static BackingFiles inside(Path store) {
    return new BackingFiles(store, List.of(), true, null);
  }

  /**
   * The same, for whoever opens a disk to see that it can be opened: layers that an index tells of
   * are only looked for in one list of the folder's files. Whether they are what the index was made
   * of is looked at when something is read.
   */
  public static BackingFiles listed(Path store) {
    String[] names = store.toFile().list();
    return new BackingFiles(store, List.of(), true, names == null ? Set.of() : Set.of(names));
  }

  /** Allows none. */
  public static BackingFiles none() {
    return new BackingFiles(null, List.of(), false, null);
  }

  /** The same, but each layer is opened and read, whatever an index says of them. */
  BackingFiles withoutIndexes() {
    return new BackingFiles(store, chain, false, null);
  }

  /** Whether the image that asks is the one that is being opened, and no backing file itself. */
  boolean outermost() {
    return chain.isEmpty();
  }

  /** Opens what an image names, read-only. */
  Disk open(Path image, String name, @Nullable String format) throws IOException {
    if (store == null) {
      throw refused(name, "backing files are not allowed here");
    }
    Path self = image.toRealPath();
    if (PROTOCOL.matcher(name).matches() || name.startsWith("/") || name.indexOf('\0') >= 0) {
      throw refused(name, "it must be a path relative to the image");
    }
    Path path;
    try {
      path = self.resolveSibling(name).toRealPath();
    } catch (InvalidPathException e) {
      throw refused(name, "it is no path");
    } catch (IOException e) {
      throw new BadImageException(
          "The backing file " + printable(name) + " of disk image " + image + " is missing.", e);
    }
    if (!path.startsWith(store.toRealPath())) {
      throw refused(name, "it is outside of " + store);
    }
    List<Path> longer = new ArrayList<>(chain);
    longer.add(self);
    if (longer.contains(path)) {
      throw refused(name, "it would be its own backing file");
    }
    if (longer.size() >= MAX_DEPTH) {
      throw refused(name, "the chain is deeper than " + MAX_DEPTH);
    }
    if (format == null) {
      throw refused(name, "its format is not named, and formats are never guessed");
    }
    if (indexes && format.equals("qcow2")) {
      Disk indexed = indexed(path);
      if (indexed != null) {
        return indexed;
      }
    }
    return switch (format.toLowerCase(Locale.ROOT)) {
      case "raw" -> RawDisk.open(path, true, HolePunch.Factory.NONE);
      case "qcow2" ->
          Qcow2Disk.open(
              path, true, new BackingFiles(store, longer, indexes, listed), HolePunch.Factory.NONE);
      default -> throw refused(name, "its format is neither raw nor qcow2");
    };
  }

  /** A layer with all below it, if there is an index that can be taken. */
  private @Nullable Disk indexed(Path path) throws IOException {
    Qcow2Index index = Qcow2Index.read(path);
    if (index == null || !(listed == null ? index.fits(path) : index.in(listed))) {
      return null;
    }
    Qcow2Index.Layer bottom = index.bottom();
    Disk below =
        bottom == null
            ? null
            : RawDisk.open(path.resolveSibling(bottom.name()), true, HolePunch.Factory.NONE);
    return new IndexedLayers(path, index, below, listed == null);
  }

  private static BadImageException refused(String name, String why) {
    return new BadImageException(
        "The qcow2 image's backing file " + printable(name) + " is refused: " + why + ".");
  }

  /** The name without what could fool a terminal, and not too long. */
  private static String printable(String name) {
    String clean = name.replaceAll("[^\\x20-\\x7e]", "?");
    return "\"" + (clean.length() > 100 ? clean.substring(0, 100) + "..." : clean) + "\"";
  }
}
