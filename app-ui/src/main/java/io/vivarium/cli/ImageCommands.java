package io.vivarium.cli;

import io.vivarium.client.ImageInfo;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "image", description = "Build, list and remove the images that VMs are made of.")
final class ImageCommands extends VerbGroup {
  ImageCommands(Session session) {
    super(session);
  }

  @Command(name = "build", sortOptions = false, description = "Build an image by its recipe.")
  Integer build(
      @Parameters(paramLabel = "IMAGE") String image,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    ImageInfo built;
    try (ProgressView progress = new ProgressView(session.err())) {
      built = vivarium().buildImage(image, progress);
    }
    if (json) {
      session.json(Shapes.image(built));
    } else {
      session.out().println(built.digest());
    }
    return 0;
  }

  @Command(name = "ls", description = "List images, and those that could be built.")
  Integer ls(
      @Option(
              names = {"-q", "--quiet"},
              description = "Names only.")
          boolean quiet,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<ImageInfo> all = vivarium().images();
    if (json) {
      session.json(all.stream().map(Shapes::image).toList());
      return 0;
    }
    if (quiet) {
      all.forEach(image -> session.out().println(image.name()));
      return 0;
    }
    Table table = new Table("NAME", "BUILT", "WARM", "SIZE", "DIGEST", "ABOUT");
    for (ImageInfo image : all) {
      String digest = image.digest();
      table.row(
          image.name(),
          image.built() ? "yes" : "no",
          image.warm() ? "yes" : "no",
          image.built() ? Sizes.human(image.sizeBytes()) : "",
          digest == null ? "" : digest.substring(0, Math.min(19, digest.length())),
          image.description());
    }
    table.print(session.out());
    return 0;
  }

  @Command(name = "inspect", description = "Print an image's manifest, in JSON.")
  Integer inspect(
      @Parameters(paramLabel = "IMAGE") String image,
      @Option(names = "--json", description = "Answer in JSON, as always.") boolean json)
      throws VivariumException, JsonException {
    session.json(Json.parse(vivarium().inspectImage(image)));
    return 0;
  }

  @Command(name = "rm", description = "Remove images that no VM is made of.")
  Integer rm(@Parameters(paramLabel = "IMAGE", arity = "1..*") List<String> images)
      throws VivariumException {
    for (String image : images) {
      vivarium().removeImage(image);
      session.out().println(image);
    }
    return 0;
  }
}
