package io.vivarium.desktop.images;

import io.vivarium.client.ImageInfo;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.WizardStart;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** The images of the store and the recipes that can be built. */
public final class ImagesPage implements Page {
  private final Desk desk;
  private final Texts texts;
  private final VBox rows = Nodes.column("image-rows");
  private final VBox node;

  public ImagesPage(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
    rows.setId("image-rows");
    ScrollPane scroll = new ScrollPane(rows);
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("edge-to-edge");
    VBox.setVgrow(scroll, Priority.ALWAYS);
    node =
        Nodes.column(
            "page",
            Nodes.row("page-head", Nodes.label(texts.get("images.title"), "page-title")),
            scroll);
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return Place.IMAGES;
  }

  @Override
  public List<Command> commands() {
    return List.of(Command.of(texts.get("images.refresh"), "", Icons.REFRESH, "F5", this::read));
  }

  @Override
  public void opened() {
    read();
  }

  private void read() {
    desk.jobs()
        .read(
            () -> desk.vivarium().images(),
            this::show,
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
  }

  private void show(List<ImageInfo> images) {
    if (images.isEmpty()) {
      rows.getChildren().setAll(Nodes.paragraph(texts.get("images.none"), "muted"));
      return;
    }
    rows.getChildren().setAll(images.stream().map(this::row).toList());
  }

  private Node row(ImageInfo image) {
    Node title =
        Nodes.flow(
            Nodes.label(image.name(), "image-name"), Nodes.label(texts.get(state(image)), "chip"));
    VBox words =
        Nodes.column(
            "",
            title,
            Nodes.paragraph(image.description(), "muted"),
            Nodes.paragraph(facts(image), "small-text", "muted"));
    HBox.setHgrow(words, Priority.ALWAYS);
    HBox row =
        Nodes.row(
            "image-row",
            Icons.of(Icons.IMAGES, "image-icon"),
            words,
            Nodes.button(
                texts.get("images.newVm"),
                () -> desk.navigator().openWizard(WizardStart.image(image.name()))));
    row.getChildren()
        .add(
            image.built()
                ? Nodes.iconButton(
                    texts.get("images.remove"), Icons.DELETE, () -> remove(image.name()))
                : Nodes.iconButton(
                    texts.get("images.build"), Icons.BUILD, () -> build(image.name())));
    return row;
  }

  private String facts(ImageInfo image) {
    String digest = image.digest();
    if (digest == null) {
      return texts.get("images.notBuiltYet");
    }
    return Format.bytes(image.sizeBytes())
        + " · "
        + digest.substring(0, Math.min(19, digest.length()));
  }

  private static String state(ImageInfo image) {
    if (!image.built()) {
      return "images.state.recipe";
    }
    return image.warm() ? "images.state.warm" : "images.state.built";
  }

  private void build(String name) {
    desk.jobs()
        .call(
            texts.get("job.build", name),
            "viv image build " + name,
            progress -> desk.vivarium().buildImage(name, progress),
            image -> read());
  }

  private void remove(String name) {
    desk.dialogs()
        .confirm(
            texts.get("images.remove.title", name),
            texts.get("images.remove.text"),
            texts.get("images.remove"),
            true,
            () ->
                desk.jobs()
                    .run(
                        texts.get("job.removeImage", name),
                        "viv image rm " + name,
                        progress -> desk.vivarium().removeImage(name),
                        this::read));
  }
}
