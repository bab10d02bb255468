-- What a phone told the network outweighs what it told somebody of the business.

grant update on sms_opt_outs to mnara_app;
