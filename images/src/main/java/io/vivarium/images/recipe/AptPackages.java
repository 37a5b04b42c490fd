package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.store.ImageManifest.SourcePackage;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Packages from the host's own apt sources, as an ordinary user: the lists and downloads stand in a
 * private folder, nothing of the host's is written. A package that was fetched before is not
 * fetched again, and an interrupted download goes on.
 *
 * <pre>
 * CACHE/apt/                    apt's lists and caches
 * CACHE/packages/SHA256.deb     packages, whole and checked
 * CACHE/packages/partial/SHA256 a download under way
 * </pre>
 */
final class AptPackages {
  private static final Pattern FIELD = Pattern.compile("([A-Za-z0-9-]+): *(.*)");

  private static final int LOCKED_TRIES = 60;
  private static final long LOCKED_MILLIS = 500;

  private final Path apt;
  private final Path packages;
  private final BuildProgress progress;
  private String complaint = "";

  AptPackages(Path cache, BuildProgress progress) {
    this.apt = cache.resolve("apt");
    this.packages = cache.resolve("packages");
    this.progress = progress;
  }

  /** A package's entry in the lists: its fields by name. */
  record Entry(Map<String, String> fields) {
    String name() {
      return fields.getOrDefault("Package", "");
    }

    String version() {
      return fields.getOrDefault("Version", "");
    }

    String sha256() {
      return fields.getOrDefault("SHA256", "");
    }

    /** The first package in Depends whose name starts so. */
    Optional<String> dependency(String prefix) {
      for (String part : fields.getOrDefault("Depends", "").split("[,|]")) {
        String name = part.strip().replaceFirst("[ (:].*", "");
        if (name.startsWith(prefix)) {
          return Optional.of(name);
        }
      }
      return Optional.empty();
    }

    SourcePackage source() {
      return new SourcePackage(name(), version(), sha256());
    }
  }

  /** A package's file on this host. */
  record Fetched(Entry entry, Path file) {}

  /**
   * Fetches the lists anew. Where that fails and older ones are there, they must do.
   *
   * @throws ImageException when the host has no apt
   */
  void refresh(String recipe) throws ImageException, IOException, InterruptedException {
    for (String tool : List.of("apt-get", "apt-cache")) {
      if (!HostCommand.exists(tool)) {
        throw new ImageException(
            Kind.HOST,
            "Image "
                + recipe
                + " is made of Debian packages, fetched with "
                + tool
                + ", which "
                + hostName()
                + " does not have.",
            "Build it on a Debian host, or bring your own kernel:"
                + " `viv create NAME --kernel K --initrd I`.");
      }
    }
    Files.createDirectories(apt.resolve("lists/partial"));
    Files.createDirectories(apt.resolve("archives/partial"));
    Files.createDirectories(packages.resolve("partial"));
    progress.update("updating package lists", 0.02);
    HostCommand.Result result = run("apt-get", List.of("-q", "update"));
    for (int i = 0; locked(result) && i < LOCKED_TRIES; i++) {
      // Of a build that was killed; it ends when it next says something.
      progress.update("waiting for another apt-get", -1);
      if (progress.cancelled()) {
        throw ImageException.cancelled("Updating package lists");
      }
      Thread.sleep(LOCKED_MILLIS);
      result = run("apt-get", List.of("-q", "update"));
    }
    complaint = result.ok() && !warned(result) ? "" : result.complaint();
  }

  private static boolean locked(HostCommand.Result result) {
    return !result.ok() && result.lines().stream().anyMatch(l -> l.contains("Could not get lock"));
  }

  private static boolean warned(HostCommand.Result result) {
    return result.lines().stream().anyMatch(l -> l.startsWith("W:") || l.startsWith("Err:"));
  }

  /** The entry of the version that apt would install. */
  Entry entry(String name) throws ImageException, IOException, InterruptedException {
    Entry entry = entries(List.of(name)).getOrDefault(name, new Entry(Map.of()));
    if (!entry.name().equals(name) || !entry.sha256().matches("[0-9a-f]{64}")) {
      throw new ImageException(
          Kind.NOT_FOUND,
          "Package "
              + name
              + " is not to be had from the package sources of "
              + hostName()
              + (complaint.isEmpty() ? "." : ": " + complaint),
          complaint.isEmpty()
              ? "Debian's main archive has it: add it to this host's apt sources."
              : cure(complaint));
    }
    return entry;
  }

  /** The entries of those that the lists have, by name. */
  private Map<String, Entry> entries(List<String> names)
      throws ImageException, IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("show", "--no-all-versions"));
    arguments.addAll(names);
    Map<String, Entry> found = new LinkedHashMap<>();
    Map<String, String> fields = new LinkedHashMap<>();
    for (String line : run("apt-cache", arguments).lines()) {
      Matcher matcher = FIELD.matcher(line);
      if (matcher.matches()) {
        fields.putIfAbsent(matcher.group(1), matcher.group(2));
      } else if (line.isEmpty()) {
        found.putIfAbsent(fields.getOrDefault("Package", ""), new Entry(fields));
        fields = new LinkedHashMap<>();
      }
    }
    found.putIfAbsent(fields.getOrDefault("Package", ""), new Entry(fields));
    return found;
  }

  /** The sources of those of the packages ("name version") that the lists have. */
  List<SourcePackage> sources(List<String> packages)
      throws ImageException, IOException, InterruptedException {
    List<String> names = packages.stream().map(p -> p.replaceFirst(" .*", "")).toList();
    return entries(names).values().stream()
        .filter(e -> packages.contains(e.name() + " " + e.version()))
        .map(Entry::source)
        .toList();
  }

  /** Debian's own among the host's package sources: its release, and lines of sources.list. */
  record Sources(String suite, List<String> lines) {}

  /** The sources of Debian's own archive, without those of third parties. */
  Sources debianSources() throws ImageException, IOException, InterruptedException {
    String format = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)";
    List<String> lines = new ArrayList<>();
    String suite = "";
    for (String target :
        run("apt-get", List.of("indextargets", "--format", format, "Created-By: Packages"))
            .lines()) {
      String[] part = target.split("\\|", -1);
      if (part.length != 5 || !part[0].equals("Debian")) {
        continue;
      }
      String key = part[4].startsWith("/") ? "[signed-by=" + part[4] + "] " : "";
      String line = "deb " + key + part[1] + " " + part[2] + " " + part[3];
      if (!lines.contains(line)) {
        lines.add(line);
      }
      if (suite.isEmpty() || part[2].length() < suite.length()) {
        suite = part[2]; // "bookworm", beside "bookworm-updates" and "bookworm-security"
      }
    }
    if (lines.isEmpty()) {
      throw new ImageException(
          Kind.HOST,
          "None of the package sources of " + hostName() + " is Debian's own archive.",
          "Build this image on a Debian host.");
    }
    return new Sources(suite, lines);
  }

  /** The package's file, from the cache or fetched now; its digest is checked either way. */
  Fetched fetch(Entry entry, double fraction)
      throws ImageException, IOException, InterruptedException {
    Path file = packages.resolve(entry.sha256() + ".deb");
    if (Files.exists(file) && StoreFiles.sha256(file).equals(entry.sha256())) {
      return new Fetched(entry, file);
    }
    Path partial = packages.resolve("partial").resolve(entry.sha256());
    Files.createDirectories(partial);
    HostCommand.Result result = download(entry, partial, fraction);
    if (deb(partial, entry).isEmpty()) {
      // What was left there by an interrupted download may be of no use: once more from nothing.
      StoreFiles.deleteTree(partial);
      Files.createDirectories(partial);
      result = download(entry, partial, fraction);
    }
    Path whole = deb(partial, entry).orElse(null);
    if (whole == null) {
      throw fetchFailed(entry, partial, result);
    }
    StoreFiles.syncFile(whole);
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    StoreFiles.syncFolder(packages);
    StoreFiles.deleteTree(partial);
    return new Fetched(entry, file);
  }

  /** What is left of it is removed: whole files of another digest would only cost space. */
  private static ImageException fetchFailed(Entry entry, Path partial, HostCommand.Result result)
      throws IOException {
    String why = result.complaint();
    if (result.ok()) {
      why = "what came is not the file that the package lists tell of, by its SHA256";
      StoreFiles.deleteTree(partial);
    }
    return new ImageException(
        Kind.HOST, "Package " + entry.name() + " could not be fetched: " + why, cure(why));
  }

  private static String cure(String complaint) {
    String lower = complaint.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left") || lower.contains("enough free space")) {
      return "Free some disk space, or set VIVARIUM_HOME to a folder on a larger disk, then build"
          + " again: what was fetched is kept.";
    }
    return "Check the network and this host's apt sources, then build again: what was fetched is"
        + " kept.";
  }

  private HostCommand.Result download(Entry entry, Path folder, double fraction)
      throws ImageException, IOException, InterruptedException {
    progress.update("fetching " + entry.name() + " " + entry.version(), fraction);
    List<String> command = new ArrayList<>(List.of("apt-get"));
    command.addAll(options());
    command.addAll(List.of("-q", "download", entry.name() + "=" + entry.version()));
    return HostCommand.run(folder, command, progress, true);
  }

  private static Optional<Path> deb(Path folder, Entry entry) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.deb")) {
      for (Path file : files) {
        if (StoreFiles.sha256(file).equals(entry.sha256())) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  private HostCommand.Result run(String tool, List<String> arguments)
      throws ImageException, IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(tool));
    command.addAll(options());
    command.addAll(arguments);
    return HostCommand.run(apt, command, progress, tool.equals("apt-get"));
  }

  /** Private folders for all that apt writes; as root, no change to apt's own download user. */
  List<String> options() {
    return List.of(
        "-o", "Dir::State=" + apt,
        "-o", "Dir::State::lists=" + apt.resolve("lists"),
        "-o", "Dir::Cache=" + apt,
        "-o", "APT::Sandbox::User=root");
  }

  /** The host distribution's name, for sentences. */
  private static String hostName() {
    try {
      for (String line : Files.readAllLines(Path.of("/etc/os-release"))) {
        if (line.startsWith("PRETTY_NAME=")) {
          return line.substring("PRETTY_NAME=".length()).replace("\"", "");
        }
      }
    } catch (IOException e) {
      return "this host";
    }
    return "this host";
  }
}
