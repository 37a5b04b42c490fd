package io.vivarium.images.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vivarium.images.store.ImageManifest.ImageDisk;
import io.vivarium.images.store.ImageManifest.ImageFile;
import io.vivarium.images.store.ImageManifest.SourcePackage;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The manifest as JSON. Reading checks everything: a manifest may come from anywhere. */
public final class ManifestJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A plain name in the image's own folder: no path, no hidden file. */
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,127}");

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private ManifestJson() {}

  /** A manifest that cannot be; the message says what about it. */
  public static final class BadManifestException extends Exception {
    BadManifestException(String message) {
      super(message);
    }

    BadManifestException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The manifest's bytes as stored: fields in order, indented, with a newline at the end. */
  public static byte[] write(ImageManifest manifest) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", manifest.version());
    root.put("name", manifest.name());
    root.put("description", manifest.description());
    root.put("recipe", manifest.recipe());
    root.put("kernel", manifest.kernel());
    root.put("initrd", manifest.initrd());
    root.put("cmdline", manifest.cmdline());
    ArrayNode disks = root.putArray("disks");
    for (ImageDisk disk : manifest.disks()) {
      disks
          .addObject()
          .put("file", disk.file())
          .put("format", disk.format())
          .put("sizeBytes", disk.sizeBytes());
    }
    root.put("agentProtocol", manifest.agentProtocol());
    ArrayNode packages = root.putArray("packages");
    for (SourcePackage p : manifest.packages()) {
      packages
          .addObject()
          .put("name", p.name())
          .put("version", p.version())
          .put("sha256", p.sha256());
    }
    ArrayNode files = root.putArray("files");
    for (ImageFile f : manifest.files()) {
      files
          .addObject()
          .put("name", f.name())
          .put("sizeBytes", f.sizeBytes())
          .put("sha256", f.sha256());
    }
    root.put("created", manifest.created().toString());
    return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Reads a manifest of version 1; unknown fields are passed over. */
  public static ImageManifest read(byte[] json) throws BadManifestException {
    JsonNode root;
    try {
      root = MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new BadManifestException("it is not JSON: " + e.getOriginalMessage(), e);
    }
    int version = (int) number(root, "version", 0, Integer.MAX_VALUE);
    if (version != ImageManifest.VERSION) {
      throw new BadManifestException(
          "its version is " + version + ", and only version 1 is understood");
    }
    ImageManifest manifest =
        new ImageManifest(
            version,
            text(root, "name"),
            text(root, "description"),
            text(root, "recipe"),
            fileName(root, "kernel"),
            root.path("initrd").isTextual() ? fileName(root, "initrd") : null,
            text(root, "cmdline"),
            list(root, "disks", ManifestJson::disk),
            (int) number(root, "agentProtocol", 0, 1_000),
            list(root, "packages", ManifestJson::sourcePackage),
            list(root, "files", ManifestJson::file),
            instant(root, "created"));
    mustHave(manifest, manifest.kernel());
    mustHave(manifest, manifest.initrd());
    for (ImageDisk disk : manifest.disks()) {
      mustHave(manifest, disk.file());
    }
    return manifest;
  }

  private static void mustHave(ImageManifest manifest, @Nullable String file)
      throws BadManifestException {
    if (file != null && manifest.file(file).isEmpty()) {
      throw new BadManifestException("it names " + file + " but does not list that file");
    }
  }

  private static ImageDisk disk(JsonNode node) throws BadManifestException {
    String format = text(node, "format");
    if (!format.equals("raw") && !format.equals("qcow2")) {
      throw new BadManifestException("a disk's format is " + format + ", not raw or qcow2");
    }
    return new ImageDisk(
        fileName(node, "file"), format, number(node, "sizeBytes", 0, Long.MAX_VALUE));
  }

  private static SourcePackage sourcePackage(JsonNode node) throws BadManifestException {
    return new SourcePackage(text(node, "name"), text(node, "version"), sha256(node));
  }

  private static ImageFile file(JsonNode node) throws BadManifestException {
    return new ImageFile(
        fileName(node, "name"), number(node, "sizeBytes", 0, Long.MAX_VALUE), sha256(node));
  }

  private static String sha256(JsonNode node) throws BadManifestException {
    return matching(node, "sha256", SHA256);
  }

  private static String fileName(JsonNode node, String field) throws BadManifestException {
    return matching(node, field, FILE_NAME);
  }

  private static String matching(JsonNode node, String field, Pattern pattern)
      throws BadManifestException {
    String value = text(node, field);
    if (!pattern.matcher(value).matches()) {
      throw new BadManifestException("its field " + field + " cannot be: " + value);
    }
    return value;
  }

  private static String text(JsonNode node, String field) throws BadManifestException {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw new BadManifestException("its field " + field + " is missing or no text");
    }
    return value.textValue();
  }

  private static long number(JsonNode node, String field, long least, long most)
      throws BadManifestException {
    JsonNode value = node.path(field);
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < least
        || value.longValue() > most) {
      throw new BadManifestException("its field " + field + " is missing or out of range");
    }
    return value.longValue();
  }

  private static Instant instant(JsonNode node, String field) throws BadManifestException {
    try {
      return Instant.parse(text(node, field));
    } catch (DateTimeException e) {
      throw new BadManifestException("its field " + field + " is no time", e);
    }
  }

  private interface Reader<T> {
    T read(JsonNode node) throws BadManifestException;
  }

  private static <T> List<T> list(JsonNode node, String field, Reader<T> reader)
      throws BadManifestException {
    List<T> items = new ArrayList<>();
    for (JsonNode item : node.path(field)) {
      items.add(reader.read(item));
    }
    return items;
  }
}
