package io.vivarium.images.store;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.store.ImageManifest.ImageFile;
import io.vivarium.images.store.ManifestJson.BadManifestException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The images on this host:
 *
 * <pre>
 * images/sha256/DIGEST/   manifest.json and the image's files, read-only; DIGEST is the manifest's
 * images/names/NAME       the catalogue: the digest that the name stands for
 * images/tmp/             builds under way; whatever a dead build left is removed by the next
 * images/lock             held while something is built or removed
 * cache/                  downloads
 * </pre>
 *
 * <p>Every change is written beside, synced, renamed, and the folder synced: a {@code kill -9} at
 * any moment leaves the old state or the new. Readers take no lock.
 */
public final class ImageStore {
  static final String MANIFEST = "manifest.json";

  /** What is to be said of a build that was called off. */
  static final String KEPT = "What was fetched is kept: the next build goes on from there.";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_.-]{0,62}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final long MANIFEST_LIMIT = 1 << 20;

  private final Path images;
  private final Path cache;

  /**
   * @param home Vivarium's folder ({@link #defaultHome}); made when something is first built
   */
  public ImageStore(Path home) {
    this.images = home.resolve("images");
    this.cache = home.resolve("cache");
  }

  /**
   * Where Vivarium keeps everything: {@code $VIVARIUM_HOME}, else {@code $XDG_DATA_HOME/vivarium},
   * else {@code ~/.local/share/vivarium}.
   */
  public static Path defaultHome(Map<String, String> environment) {
    String own = environment.getOrDefault("VIVARIUM_HOME", "");
    if (!own.isEmpty()) {
      return Path.of(own).toAbsolutePath().normalize();
    }
    // The XDG base directory specification: a relative path there is to be ignored.
    String data = environment.getOrDefault("XDG_DATA_HOME", "");
    if (data.startsWith("/")) {
      return Path.of(data, "vivarium");
    }
    return Path.of(System.getProperty("user.home", "/"), ".local", "share", "vivarium");
  }

  /** All names in the catalogue, in order. A damaged image is left out; {@link #find} says why. */
  public List<StoredImage> list() throws ImageException {
    List<StoredImage> found = new ArrayList<>();
    for (String name : names()) {
      try {
        find(name).ifPresent(found::add);
      } catch (ImageException e) {
        if (e.kind() != Kind.BAD_FILE) {
          throw e;
        }
      }
    }
    return found;
  }

  /** The image of that name, if there is one. Its files' digests are not computed again. */
  public Optional<StoredImage> find(String name) throws ImageException {
    if (!NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    try {
      String digest = Files.readString(nameFile(name)).strip();
      if (!DIGEST.matcher(digest).matches()) {
        throw damaged(name, "its catalogue entry holds no digest", null);
      }
      Path folder = folder(digest);
      return Optional.of(new StoredImage(name, digest, folder, manifest(name, digest, folder)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("Image " + name + " cannot be read", e);
    }
  }

  /** The image of that name, or NOT_FOUND with the names that there are. */
  public StoredImage get(String name) throws ImageException {
    Optional<StoredImage> image = find(name);
    if (image.isEmpty()) {
      throw new ImageException(
          Kind.NOT_FOUND,
          "There is no image named " + name + ".",
          "`viv image ls` lists them; `viv image build NAME` builds one.");
    }
    return image.get();
  }

  /** Whether the image is there and was built by this very recipe. */
  public boolean fresh(Recipe recipe) throws ImageException {
    try {
      Optional<StoredImage> image = find(recipe.name());
      return image.isPresent() && image.get().manifest().recipe().equals(recipe.fingerprint());
    } catch (ImageException e) {
      if (e.kind() == Kind.BAD_FILE) {
        return false;
      }
      throw e;
    }
  }

  /** The image as it is when {@link #fresh}, else built now. */
  public StoredImage ensure(Recipe recipe, BuildProgress progress)
      throws ImageException, InterruptedException {
    return fresh(recipe) ? get(recipe.name()) : build(recipe, progress);
  }

  /**
   * Builds an image and puts its name on it. An older image of the name stays for what uses it by
   * digest, until {@link #remove}. Another build under way is waited for.
   */
  public StoredImage build(Recipe recipe, BuildProgress listener)
      throws ImageException, InterruptedException {
    String what = "Building image " + recipe.name();
    try (EndableBuild progress = new EndableBuild(listener)) {
      Files.createDirectories(images);
      try (StoreLock _ = StoreLock.acquire(images.resolve("lock"), what, progress)) {
        StoreFiles.deleteTree(images.resolve("tmp"));
        Path folder = images.resolve("tmp").resolve(recipe.name());
        Files.createDirectories(folder);
        try {
          return buildLocked(recipe, folder, progress);
        } finally {
          StoreFiles.deleteTree(images.resolve("tmp"));
        }
      }
    } catch (ImageException e) {
      throw e.kind() == Kind.CANCELLED
          ? new ImageException(Kind.CANCELLED, what + " was called off.", KEPT, e)
          : e;
    } catch (IOException e) {
      throw failed(what + " failed", e);
    }
  }

  private StoredImage buildLocked(Recipe recipe, Path folder, BuildProgress progress)
      throws ImageException, IOException, InterruptedException {
    Files.createDirectories(cache);
    Recipe.Built built = recipe.build(folder, cache, progress);
    if (progress.cancelled()) {
      throw ImageException.cancelled("Building image " + recipe.name());
    }
    progress.update("storing", 0.95);
    ImageManifest manifest =
        new ImageManifest(
            ImageManifest.VERSION,
            recipe.name(),
            recipe.description(),
            recipe.fingerprint(),
            built.kernel(),
            built.initrd(),
            built.cmdline(),
            built.disks(),
            built.agentProtocol(),
            built.packages(),
            seal(folder),
            Instant.now().truncatedTo(ChronoUnit.SECONDS));
    Optional<StoredImage> same = sameButNewer(manifest);
    if (same.isPresent()) {
      progress.update(recipe.name() + " is as before", 1.0);
      return same.get();
    }
    byte[] json = ManifestJson.write(manifest);
    Path manifestFile = folder.resolve(MANIFEST);
    StoreFiles.replace(manifestFile, json);
    StoreFiles.makeReadOnly(manifestFile);
    String digest = "sha256:" + StoreFiles.sha256(json);
    Path home = folder(digest);
    Files.createDirectories(StoreFiles.parent(home));
    if (Files.exists(home)) {
      removeFolder(home); // The very same image, and damaged, or it would have been kept above.
    }
    Files.move(folder, home, StandardCopyOption.ATOMIC_MOVE);
    StoreFiles.syncFolder(StoreFiles.parent(home));
    Files.createDirectories(images.resolve("names"));
    StoreFiles.replace(
        nameFile(recipe.name()), (digest + "\n").getBytes(StandardCharsets.US_ASCII));
    StoreFiles.syncFolder(images);
    progress.update("built " + recipe.name(), 1.0);
    return get(recipe.name());
  }

  /** The image that has the name now, if it differs only in the time of its making and is whole. */
  private Optional<StoredImage> sameButNewer(ImageManifest built) {
    try {
      Optional<StoredImage> old = find(built.name());
      if (old.isPresent() && old.get().manifest().sameContents(built)) {
        verify(old.get());
        return old;
      }
    } catch (ImageException e) {
      return Optional.empty(); // Damaged: the new one takes its place.
    }
    return Optional.empty();
  }

  /** Makes the files durable and read-only, and lists them by name. */
  private static List<ImageFile> seal(Path folder) throws IOException {
    List<ImageFile> files = new ArrayList<>();
    for (Path file : entries(folder)) {
      StoreFiles.syncFile(file);
      StoreFiles.makeReadOnly(file);
      files.add(
          new ImageFile(
              String.valueOf(file.getFileName()), Files.size(file), StoreFiles.sha256(file)));
    }
    files.sort(Comparator.comparing(ImageFile::name));
    return files;
  }

  /**
   * Takes a name out of the catalogue, and removes every image that no name stands for any more.
   * Whether a machine still needs it is for the caller to ask first.
   */
  public void remove(String name) throws ImageException, InterruptedException {
    String what = "Removing image " + name;
    if (!NAME.matcher(name).matches() || !Files.exists(nameFile(name))) {
      get(name);
    }
    try (StoreLock _ = StoreLock.acquire(images.resolve("lock"), what, BuildProgress.NONE)) {
      Files.deleteIfExists(nameFile(name));
      StoreFiles.syncFolder(images.resolve("names"));
      List<String> kept = new ArrayList<>();
      for (String other : names()) {
        kept.add(Files.readString(nameFile(other)).strip());
      }
      for (Path folder : entries(images.resolve("sha256"))) {
        if (!kept.contains("sha256:" + folder.getFileName())) {
          removeFolder(folder);
        }
      }
    } catch (IOException e) {
      throw failed(what + " failed", e);
    }
  }

  /** Renames first, so that a half-removed image is never found by its digest. */
  private void removeFolder(Path folder) throws IOException {
    Path tmp = images.resolve("tmp");
    Files.createDirectories(tmp);
    Path doomed = tmp.resolve("removed-" + folder.getFileName());
    StoreFiles.deleteTree(doomed);
    Files.move(folder, doomed, StandardCopyOption.ATOMIC_MOVE);
    StoreFiles.deleteTree(doomed);
  }

  /** Computes all digests again; says which file differs. For {@code viv fsck}. */
  public void verify(StoredImage image) throws ImageException {
    for (ImageFile file : image.manifest().files()) {
      Path path = image.folder().resolve(file.name());
      try {
        if (Files.size(path) != file.sizeBytes()
            || !StoreFiles.sha256(path).equals(file.sha256())) {
          throw damaged(image.name(), file.name() + " is not what the manifest says", null);
        }
      } catch (IOException e) {
        throw damaged(image.name(), file.name() + " cannot be read", e);
      }
    }
  }

  private static ImageManifest manifest(String name, String digest, Path folder)
      throws ImageException, IOException {
    Path file = folder.resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw damaged(name, "its manifest is missing", null);
    }
    if (Files.size(file) > MANIFEST_LIMIT) {
      throw damaged(name, "its manifest is larger than 1 MiB", null);
    }
    byte[] json = Files.readAllBytes(file);
    if (!digest.equals("sha256:" + StoreFiles.sha256(json))) {
      throw damaged(name, "its manifest does not match its digest", null);
    }
    try {
      return ManifestJson.read(json);
    } catch (BadManifestException e) {
      throw damaged(name, "its manifest cannot be used: " + e.getMessage(), e);
    }
  }

  private List<String> names() throws ImageException {
    try {
      return entries(images.resolve("names")).stream()
          .map(p -> String.valueOf(p.getFileName()))
          .filter(n -> NAME.matcher(n).matches())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw failed("The catalogue of images cannot be read", e);
    }
  }

  private static List<Path> entries(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(found::add);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return found;
  }

  private Path nameFile(String name) {
    return images.resolve("names").resolve(name);
  }

  private Path folder(String digest) {
    return images.resolve("sha256").resolve(digest.substring("sha256:".length()));
  }

  private static ImageException damaged(
      String name, String why, @org.jspecify.annotations.Nullable Throwable cause) {
    String what = "Image " + name + " is damaged: " + why + ".";
    String cure = "Build it again with `viv image build " + name + "`.";
    return cause == null
        ? new ImageException(Kind.BAD_FILE, what, cure)
        : new ImageException(Kind.BAD_FILE, what, cure, cause);
  }

  /** An I/O failure in the words of a user. */
  private static ImageException failed(String what, IOException e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    if (e instanceof FileSystemException fse && fse.getReason() != null) {
      reason = fse.getReason() + " (" + fse.getFile() + ")";
    } else if (e instanceof java.nio.file.AccessDeniedException) {
      reason = "no permission for " + reason;
    }
    boolean full = reason.toLowerCase(Locale.ROOT).contains("no space left");
    return new ImageException(
        Kind.HOST,
        what + ": " + reason + ".",
        full
            ? "Free some disk space, or set VIVARIUM_HOME to a folder on a larger disk."
            : "Check the folder's permissions, or set VIVARIUM_HOME to another folder.",
        e);
  }

  /** Bytes on the disk of everything that the images' folder holds, with builds under way. */
  public long diskBytes() throws ImageException {
    if (!Files.isDirectory(images)) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(images)) {
      return all.filter(Files::isRegularFile).mapToLong(p -> p.toFile().length()).sum();
    } catch (IOException e) {
      throw failed("The images' folder cannot be read", e);
    }
  }
}
