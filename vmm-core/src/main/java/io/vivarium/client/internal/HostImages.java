package io.vivarium.client.internal;

import io.vivarium.client.ImageInfo;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.recipe.Recipes;
import io.vivarium.images.store.ImageManifest;
import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.ManifestJson;
import io.vivarium.images.store.Recipe;
import io.vivarium.images.store.StoredImage;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.Suggest;
import io.vivarium.library.WarmKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The image store and the recipes, as clients see them. */
public final class HostImages {
  private final Home home;
  private final ImageStore store;

  public HostImages(Home home) {
    this.home = home;
    this.store = new ImageStore(home.root());
  }

  private static List<Recipe> recipes() {
    return Recipes.all();
  }

  private static Optional<Recipe> recipe(String name) {
    return recipes().stream().filter(recipe -> recipe.name().equals(name)).findFirst();
  }

  /** An image that is there, or can be built by a recipe; else a sentence with the nearest name. */
  public void require(String name) throws VivariumException {
    if (Files.exists(home.images().resolve("names").resolve(name)) || recipe(name).isPresent()) {
      return;
    }
    throw unknown(name);
  }

  private VivariumException unknown(String name) throws VivariumException {
    TreeSet<String> names = new TreeSet<>();
    recipes().forEach(recipe -> names.add(recipe.name()));
    for (StoredImage image : stored()) {
      names.add(image.name());
    }
    String near = Suggest.nearest(name, names);
    return new VivariumException(
        Kind.NOT_FOUND,
        "there is no image '" + name + "'",
        near == null
            ? "There are: " + String.join(", ", names) + "."
            : "Did you mean '" + near + "'?");
  }

  /** The digest of an image that was built. */
  String digest(String name) throws VivariumException {
    String digest = builtDigest(name);
    return digest == null ? get(name).digest() : digest;
  }

  /** The digest of an image, or null when it was not built. */
  @Nullable String builtDigest(String name) {
    try {
      // Only the catalogue's entry: reading the manifest too would slow every start.
      return Files.readString(home.images().resolve("names").resolve(name)).strip();
    } catch (IOException e) {
      return null;
    }
  }

  private StoredImage get(String name) throws VivariumException {
    try {
      Optional<StoredImage> image = store.find(name);
      if (image.isPresent()) {
        return image.get();
      }
    } catch (ImageException e) {
      throw translate(e);
    }
    if (recipe(name).isEmpty()) {
      throw unknown(name);
    }
    throw new VivariumException(
        Kind.NOT_FOUND,
        "the image '" + name + "' is not built yet",
        "Build it: viv image build " + name);
  }

  /** Whether a built image comes with disks. */
  boolean hasDisks(String name) throws VivariumException {
    return builtDigest(name) != null && !get(name).manifest().disks().isEmpty();
  }

  /** The disks that a VM gets from an image; none while the image is not built. */
  public List<DiskSpec> makeDisks(String name, DiskLayers layers)
      throws VivariumException, IOException {
    if (builtDigest(name) == null) {
      return List.of();
    }
    StoredImage image = get(name);
    List<DiskSpec> made = new ArrayList<>();
    for (ImageManifest.ImageDisk disk : image.manifest().disks()) {
      made.add(
          layers.onImage(
              image.digest(), made.size(), image.disk(disk), disk.format(), disk.sizeBytes()));
    }
    return made;
  }

  private List<StoredImage> stored() throws VivariumException {
    try {
      return store.list();
    } catch (ImageException e) {
      throw translate(e);
    }
  }

  public List<ImageInfo> list() throws VivariumException {
    List<ImageInfo> all = new ArrayList<>();
    List<StoredImage> stored = stored();
    for (StoredImage image : stored) {
      all.add(info(image));
    }
    for (Recipe recipe : recipes()) {
      if (stored.stream().noneMatch(image -> image.name().equals(recipe.name()))) {
        all.add(new ImageInfo(recipe.name(), recipe.description(), false, null, 0, false));
      }
    }
    return all;
  }

  private ImageInfo info(StoredImage image) {
    return new ImageInfo(
        image.name(),
        image.manifest().description(),
        true,
        image.digest(),
        image.sizeBytes(),
        !warmFolders(image.digest()).isEmpty());
  }

  public ImageInfo build(String name, Progress progress) throws VivariumException {
    Recipe recipe = recipe(name).orElse(null);
    if (recipe == null) {
      throw unknown(name);
    }
    try {
      return info(store.ensure(recipe, bridge(progress)));
    } catch (ImageException e) {
      throw translate(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VivariumException(
          Kind.CANCELLED, "building the image '" + name + "' was called off", "");
    }
  }

  private static BuildProgress bridge(Progress progress) {
    return new BuildProgress() {
      @Override
      public void update(String step, double fraction) {
        progress.update(step, fraction);
      }

      @Override
      public void line(String text) {
        progress.line(text);
      }

      @Override
      public boolean cancelled() {
        return progress.cancelled();
      }
    };
  }

  /** Removes an image that no VM is made of, and its warm snapshots. */
  public void remove(String name, Library library) throws VivariumException {
    String digest = get(name).digest();
    for (String vm : library.names()) {
      if (name.equals(imageOf(vm, library))) {
        throw new VivariumException(
            Kind.WRONG_STATE,
            "the image '" + name + "' is what the VM '" + vm + "' is made of",
            "Remove that VM first: viv rm " + vm);
      }
    }
    try {
      store.remove(name);
      for (Path warm : warmFolders(digest)) {
        DurableFiles.deleteTree(warm);
      }
    } catch (ImageException e) {
      throw translate(e);
    } catch (IOException e) {
      throw io.vivarium.library.Failures.explain("cannot remove the image '" + name + "'", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VivariumException(Kind.CANCELLED, "removing '" + name + "' was called off", "");
    }
  }

  private static @Nullable String imageOf(String vm, Library library) {
    try {
      return library.read(library.find(vm)).image();
    } catch (VivariumException e) {
      return null;
    }
  }

  public String inspect(String name) throws VivariumException {
    return new String(ManifestJson.write(get(name).manifest()), StandardCharsets.UTF_8);
  }

  private List<Path> warmFolders(String digest) {
    List<Path> found = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(home.warm(), WarmKey.prefix(digest) + "-*")) {
      for (Path folder : folders) {
        if (Files.isDirectory(folder)) {
          found.add(folder);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return found;
    }
    return found;
  }

  private static VivariumException translate(ImageException e) {
    Kind kind =
        switch (e.kind()) {
          case NOT_FOUND -> Kind.NOT_FOUND;
          case HOST -> Kind.HOST;
          case BAD_FILE -> Kind.BAD_FILE;
          case CANCELLED -> Kind.CANCELLED;
        };
    return new VivariumException(kind, String.valueOf(e.getMessage()), e.cure(), e);
  }
}
