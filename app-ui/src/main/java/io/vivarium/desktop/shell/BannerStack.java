package io.vivarium.desktop.shell;

import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.geometry.Orientation;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.Ikon;

/** The messages above the page. Only the newest few stand there, so that a page remains. */
final class BannerStack extends ScrollPane {
  private static final int MAX_SHOWN = 3;

  private final ObservableList<Banner> banners;
  private final Texts texts;
  private final VBox rows = new VBox();

  BannerStack(ObservableList<Banner> banners, Texts texts) {
    this.banners = banners;
    this.texts = texts;
    getStyleClass().addAll("banner-scroll", "edge-to-edge");
    rows.getStyleClass().add("banner-stack");
    setContent(rows);
    setFitToWidth(true);
    banners.addListener((ListChangeListener<Banner>) change -> rebuild());
    rebuild();
  }

  /** Its words break by its width. */
  @Override
  public Orientation getContentBias() {
    return Orientation.HORIZONTAL;
  }

  /** Whole, as far as it may; beyond that it scrolls. */
  @Override
  protected double computeMinHeight(double width) {
    return Math.min(prefHeight(width), getMaxHeight());
  }

  private void rebuild() {
    rows.getChildren()
        .setAll(
            banners.stream()
                .skip(Math.max(0, banners.size() - MAX_SHOWN))
                .map(this::node)
                .toList());
    Nodes.visible(this, !banners.isEmpty());
  }

  private Node node(Banner banner) {
    var words = Nodes.column("banner-words", Nodes.paragraph(banner.text(), "banner-text"));
    if (!banner.cure().isEmpty()) {
      words.getChildren().add(Nodes.paragraph(banner.cure(), "banner-cure"));
    }
    HBox.setHgrow(words, Priority.ALWAYS);
    HBox box = Nodes.row("banner", Icons.of(icon(banner.tone()), "banner-icon"), words);
    HBox actions = Nodes.row("banner-actions");
    for (Banner.Action action : banner.actions()) {
      Button button =
          Nodes.button(
              action.label(),
              () -> {
                if (action.ends()) {
                  banners.remove(banner);
                }
                action.run().run();
              });
      button.getStyleClass().add("banner-action");
      actions.getChildren().add(button);
    }
    // Several beside the words would leave them no room.
    (actions.getChildren().size() > 1 ? words : box).getChildren().add(actions);
    if (banner.tone() == Banner.Tone.ERROR) {
      String report = banner.text() + (banner.cure().isEmpty() ? "" : "\n" + banner.cure());
      box.getChildren()
          .add(Nodes.iconButton(texts.get("banner.copy"), Icons.COPY, () -> Desk.copy(report)));
    }
    Button close =
        Nodes.iconButton(texts.get("banner.close"), Icons.CLOSE, () -> banners.remove(banner));
    close.getStyleClass().add("banner-close");
    box.getChildren().add(close);
    box.getStyleClass()
        .add(
            switch (banner.tone()) {
              case INFO -> "banner-info";
              case SUCCESS -> "banner-success";
              case WARNING -> "banner-warning";
              case ERROR -> "banner-error";
            });
    return box;
  }

  private static Ikon icon(Banner.Tone tone) {
    return switch (tone) {
      case INFO -> Icons.NOTE;
      case SUCCESS -> Icons.OK;
      case WARNING -> Icons.WARNING;
      case ERROR -> Icons.ERROR;
    };
  }
}
